-- 0030: the secrets of sealed personal data. This table alone may be in another database
-- (MINZHANG_KEYS_DSN), so that whoever holds the log and the sealed values holds no key.

-- One row a slot: what one record holds about one person. Deleting the row is what erasing means.
-- A slot is kept before the entry that commits to it (event_id at version of stream_id); until it
-- is confirmed it may belong to an entry that never came, and is then removed.
CREATE TABLE sealing_slots (
    ledger_id    text COLLATE "C" NOT NULL,
    slot_id      uuid             NOT NULL,
    subject_id   uuid             NOT NULL,
    record_id    uuid             NOT NULL,
    kek          text COLLATE "C" NOT NULL,  -- name of the key that wraps the secret
    wrapped      bytea            NOT NULL,
    event_id     uuid             NOT NULL,
    stream_id    text COLLATE "C" NOT NULL,
    version      bigint           NOT NULL,
    is_confirmed boolean          NOT NULL DEFAULT false,
    created_at   timestamptz      NOT NULL DEFAULT clock_timestamp(),

    PRIMARY KEY (ledger_id, slot_id)
);
CREATE INDEX sealing_slots_by_kek ON sealing_slots (ledger_id, kek, slot_id);
CREATE INDEX sealing_slots_pending ON sealing_slots (ledger_id, created_at)
    WHERE NOT is_confirmed;
