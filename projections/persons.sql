-- Persons and what is sealed about them: which fields, for which record, whether erased. Never what
-- they say: that is outside the log and no part of any view.
CREATE TABLE IF NOT EXISTS persons_v1 (
    ledger_id     text COLLATE "C" NOT NULL,
    person_id     uuid             NOT NULL,
    place_id      uuid,
    registered_at timestamptz      NOT NULL,
    restrictions  jsonb            NOT NULL DEFAULT '{}',  -- record ids by erasure; none: everything
    looks_count   integer          NOT NULL DEFAULT 0,
    positions     bigint[]         NOT NULL,
    recorded_at   timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, person_id)
);

CREATE TABLE IF NOT EXISTS sealed_slots_v1 (
    ledger_id     text COLLATE "C" NOT NULL,
    slot_id       uuid             NOT NULL,
    person_id     uuid             NOT NULL,
    record_kind   text COLLATE "C" NOT NULL,
    record_id     uuid             NOT NULL,
    fields        text[]           NOT NULL,
    sealed_at     timestamptz      NOT NULL,
    is_erased     boolean          NOT NULL DEFAULT false,
    erased_at     timestamptz,
    erasure_id    uuid,
    backups_expire_on date,
    positions     bigint[]         NOT NULL,
    recorded_at   timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, slot_id)
);
CREATE INDEX IF NOT EXISTS sealed_slots_v1_by_record
    ON sealed_slots_v1 (ledger_id, record_id, sealed_at, slot_id);
CREATE INDEX IF NOT EXISTS sealed_slots_v1_by_person
    ON sealed_slots_v1 (ledger_id, person_id, sealed_at, slot_id);
