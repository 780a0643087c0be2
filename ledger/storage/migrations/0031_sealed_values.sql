-- 0031: sealed personal data, and what it can be found by. Never without the log's commitment,
-- never readable without the slot's secret, and no part of any view.

CREATE TABLE sealed_values (
    ledger_id text COLLATE "C" NOT NULL,
    slot_id   uuid             NOT NULL,
    field     text COLLATE "C" NOT NULL,
    sealed    bytea            NOT NULL,

    PRIMARY KEY (ledger_id, slot_id, field)
);

-- Keyed digests of telephone and identity numbers: equal numbers have equal digests, and without
-- the index key, which is in no database, nobody can tell of which number.
CREATE TABLE blind_indexes (
    ledger_id  text COLLATE "C" NOT NULL,
    field      text COLLATE "C" NOT NULL,
    digest     bytea            NOT NULL CHECK (octet_length(digest) = 32),
    slot_id    uuid             NOT NULL,
    subject_id uuid             NOT NULL,

    PRIMARY KEY (ledger_id, field, digest, slot_id)
);
CREATE INDEX blind_indexes_by_slot ON blind_indexes (ledger_id, slot_id);
