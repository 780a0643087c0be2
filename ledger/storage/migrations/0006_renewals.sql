-- 0006: cosignatures that were renewed, and what was signed under an origin that has ended.

-- In quiet times a witness is asked again for the same checkpoint, so that readers see that the log
-- is alive. The first cosignature stays (it tells since when the entries existed), the newest is
-- here: it is the one that is given out.
CREATE TABLE cosignature_renewals (
    ledger_id   text COLLATE "C" NOT NULL,
    size        bigint           NOT NULL,
    key_name    text             NOT NULL,
    key_id      bytea            NOT NULL,
    line        text             NOT NULL,
    cosigned_at timestamptz      NOT NULL,

    PRIMARY KEY (ledger_id, size, key_name, key_id),
    FOREIGN KEY (ledger_id, size, key_name, key_id) REFERENCES cosignatures ON DELETE CASCADE
);

-- A row a checkpoint that the log no longer bears out: somebody answered for the loss (`minzhang
-- recover`), and the log went on under another origin. Kept as evidence, never served as the log's.
CREATE TABLE ended_checkpoints (
    ledger_id text COLLATE "C" NOT NULL,
    origin    text             NOT NULL,
    size      bigint           NOT NULL,
    note      text             NOT NULL,  -- with all cosignatures
    ended_at  timestamptz      NOT NULL,

    PRIMARY KEY (ledger_id, origin, size)
);
