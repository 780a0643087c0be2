-- 0044: what stops appends, which key of the service is in force, and codes by that key.

-- Set as soon as somebody knows that the log is not what was signed (``stopped`` says why, as JSON):
-- whoever appends reads it with the head, under its lock, and refuses until it was answered for.
-- key_check tells which key of the service is in force, without telling the key.
ALTER TABLE heads
    ADD COLUMN stopped   text CHECK (stopped <> ''),
    ADD COLUMN key_check bytea CHECK (octet_length(key_check) = 16);

-- One row an append: 32 bytes for each of its entries, a code by the service's key over position,
-- leaf hash and receipt. Written in the append's transaction; from which entry on, the log says.
CREATE TABLE entry_macs (
    ledger_id      text COLLATE "C" NOT NULL,
    first_position bigint           NOT NULL CHECK (first_position >= 0),
    macs           bytea            NOT NULL
        CHECK (octet_length(macs) > 0 AND octet_length(macs) % 32 = 0),

    PRIMARY KEY (ledger_id, first_position)
);
ALTER TABLE entry_macs ALTER COLUMN macs SET STORAGE EXTERNAL;  -- codes cannot be compressed

CREATE TRIGGER entry_macs_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_macs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a decision rests on beside the log carries such a code as well; a row of before has none.
ALTER TABLE snapshots ADD COLUMN mac bytea CHECK (octet_length(mac) = 32);
ALTER TABLE trackings ADD COLUMN mac bytea CHECK (octet_length(mac) = 32);

-- Entries that lay behind a gap when a loss was acknowledged, and receipts that named what is gone:
-- kept as evidence, no part of the log any more.
CREATE TABLE ended_events (
    ledger_id text COLLATE "C" NOT NULL,
    position  bigint           NOT NULL,
    entry     bytea            NOT NULL,
    ended_at  timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, ended_at, position)
);
CREATE TABLE ended_receipts (
    ledger_id      text COLLATE "C" NOT NULL,
    caller         text COLLATE "C" NOT NULL,
    key            text COLLATE "C" NOT NULL,
    request_digest bytea            NOT NULL,
    stream_id      text COLLATE "C" NOT NULL,
    version        bigint           NOT NULL,
    first_position bigint           NOT NULL,
    event_count    integer          NOT NULL,
    ended_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, caller, key, ended_at)
);
