-- 0001: the log, the only tables of this system that cannot be rebuilt.
--
-- ledger_id comes first in every key: one ledger is one jurisdiction, a log of its own, and no
-- transaction crosses ledgers, so the same schema shards by ledger on a distributed PostgreSQL.

-- One row a ledger: how many entries it has and the right edge of its Merkle tree. Whoever
-- appends locks this row first; that lock is the order of the log.
CREATE TABLE heads (
    ledger_id   text COLLATE "C" PRIMARY KEY CHECK (ledger_id <> ''),
    origin      text        NOT NULL CHECK (origin <> ''),
    size        bigint      NOT NULL DEFAULT 0 CHECK (size >= 0),
    frontier    bytea       NOT NULL DEFAULT '' CHECK (octet_length(frontier) % 32 = 0),
    recorded_at timestamptz NOT NULL DEFAULT '-infinity'  -- of the last entry
) WITH (fillfactor = 10);

-- One row is one event and one leaf: position is the leaf index, entry the exact bytes that were
-- hashed. The other columns are an index into the entry, never a second truth.
CREATE TABLE events (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL CHECK (position >= 0),
    stream_id   text COLLATE "C" NOT NULL,
    version     bigint           NOT NULL CHECK (version >= 0),
    topic       text COLLATE "C" NOT NULL,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    leaf_hash   bytea            NOT NULL CHECK (octet_length(leaf_hash) = 32),
    entry       bytea            NOT NULL CHECK (octet_length(entry) <= 65535),

    PRIMARY KEY (ledger_id, position),
    -- Two writers that read the same version cannot both win.
    CONSTRAINT events_one_writer_per_version UNIQUE (ledger_id, stream_id, version)
);

-- One row a command that came with an idempotency key: what it recorded, kept for ever, so that
-- the same key gets the same answer.
CREATE TABLE receipts (
    ledger_id      text COLLATE "C" NOT NULL,
    caller         text COLLATE "C" NOT NULL,
    key            text COLLATE "C" NOT NULL,
    request_digest bytea            NOT NULL CHECK (octet_length(request_digest) = 32),
    stream_id      text COLLATE "C" NOT NULL,  -- of what the command addressed
    version        bigint           NOT NULL,  -- of that stream afterwards
    first_position bigint           NOT NULL,
    event_count    integer          NOT NULL CHECK (event_count > 0),
    PRIMARY KEY (ledger_id, caller, key)
);

-- How far each follower that records events of its own has read (reactions, process applications).
CREATE TABLE trackings (
    ledger_id text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    position  bigint           NOT NULL,
    PRIMARY KEY (ledger_id, name)
);

-- What reactions wait for: a moment, and the key that the reaction knows it by.
CREATE TABLE timers (
    ledger_id text COLLATE "C" NOT NULL,
    reaction  text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    due_at    timestamptz      NOT NULL,
    cause     uuid             NOT NULL,  -- the event that set it
    PRIMARY KEY (ledger_id, reaction, key)
);
CREATE INDEX timers_by_due_at ON timers (ledger_id, reaction, due_at);

-- States of long streams, to load them quickly. Never trusted for proofs; losing them costs time.
CREATE TABLE snapshots (
    ledger_id text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version   bigint           NOT NULL,
    shape     text             NOT NULL,  -- which class and state layout wrote it
    state     bytea            NOT NULL,
    PRIMARY KEY (ledger_id, stream_id)
);

-- Tripwires against mistakes; against a superuser only the published checkpoints help.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipts_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER heads_are_never_removed
    BEFORE DELETE OR TRUNCATE ON heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
