-- Whose declarations a record keeps.
CREATE TABLE IF NOT EXISTS interest_persons_v2 (
    ledger_id      text COLLATE "C" NOT NULL,
    interests_id   uuid             NOT NULL,
    person_id      uuid             NOT NULL,
    first_position bigint           NOT NULL,
    last_position  bigint           NOT NULL,
    occurred_at    timestamptz      NOT NULL,
    recorded_at    timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, interests_id)
);

-- What each person declared an interest in; one image after each event that changed it.
CREATE TABLE IF NOT EXISTS interests_v2 (
    ledger_id    text COLLATE "C" NOT NULL,
    interests_id uuid             NOT NULL,
    person_id    uuid             NOT NULL,
    about_id     uuid             NOT NULL,  -- an organisation or a person
    kind         text COLLATE "C" NOT NULL,
    declared_at  timestamptz      NOT NULL,
    declared_by  uuid             NOT NULL,
    ended_at     timestamptz,                -- null: it stands
    ended_by     uuid,
    reason       text             NOT NULL DEFAULT '',
    positions    bigint[]         NOT NULL,
    is_late      boolean          NOT NULL DEFAULT false,
    occurred_at  timestamptz      NOT NULL,
    recorded_at  timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, interests_id, about_id)
);
CREATE INDEX IF NOT EXISTS interests_v2_by_person ON interests_v2 (ledger_id, person_id);
CREATE INDEX IF NOT EXISTS interests_v2_by_about ON interests_v2 (ledger_id, about_id);

CREATE TABLE IF NOT EXISTS interest_states_v2 (
    LIKE interests_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, interests_id, about_id, position, image_no)
);
