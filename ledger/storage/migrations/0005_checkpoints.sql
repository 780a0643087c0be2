-- 0005: what was said in public about the log: signed checkpoints, who cosigned them, and when
-- authorities for time stamps saw them. Losing these rows costs proofs, never events.

-- One row a size that was signed. The note holds the log's own signatures, as it was signed.
-- published_at is null until tiles, signature and the policy's quorum of witnesses are there.
CREATE TABLE checkpoints (
    ledger_id    text COLLATE "C" NOT NULL,
    size         bigint           NOT NULL CHECK (size >= 0),
    root         bytea            NOT NULL CHECK (octet_length(root) = 32),
    note         text             NOT NULL,
    signed_at    timestamptz      NOT NULL,
    published_at timestamptz,

    PRIMARY KEY (ledger_id, size)
);
CREATE INDEX checkpoints_published ON checkpoints (ledger_id, size) WHERE published_at IS NOT NULL;

-- A witness's signature line below the note of a checkpoint.
CREATE TABLE cosignatures (
    ledger_id   text COLLATE "C" NOT NULL,
    size        bigint           NOT NULL,
    key_name    text             NOT NULL,
    key_id      bytea            NOT NULL CHECK (octet_length(key_id) = 4),
    line        text             NOT NULL,
    cosigned_at timestamptz      NOT NULL,  -- as the witness says

    PRIMARY KEY (ledger_id, size, key_name, key_id),
    FOREIGN KEY (ledger_id, size) REFERENCES checkpoints
);

-- A token (RFC 3161) of an authority over the whole signed note as it stands in `stamped`.
CREATE TABLE time_stamps (
    ledger_id  text COLLATE "C" NOT NULL,
    size       bigint           NOT NULL,
    authority  text             NOT NULL,
    stamped    text             NOT NULL,
    token      bytea            NOT NULL,
    stamped_at timestamptz      NOT NULL,  -- as the authority says

    PRIMARY KEY (ledger_id, size, authority),
    FOREIGN KEY (ledger_id, size) REFERENCES checkpoints
);
