-- Who stands in for whom, in which post; one image after each event that changed it.
CREATE TABLE IF NOT EXISTS delegations_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    delegation_id   uuid             NOT NULL,
    holder_id       uuid             NOT NULL,
    person_id       uuid             NOT NULL,  -- who stands in
    organisation_id uuid             NOT NULL,
    post            text COLLATE "C" NOT NULL,
    role            text COLLATE "C" NOT NULL,
    from_on         date             NOT NULL,
    until_on        date             NOT NULL,
    ended_at        timestamptz,                -- early; null: on its last day, or with the post
    reason          text             NOT NULL DEFAULT '',
    positions       bigint[]         NOT NULL,
    is_late         boolean          NOT NULL DEFAULT false,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, delegation_id)
);
CREATE INDEX IF NOT EXISTS delegations_v2_by_day
    ON delegations_v2 (ledger_id, from_on DESC, delegation_id);
CREATE INDEX IF NOT EXISTS delegations_v2_by_person ON delegations_v2 (ledger_id, person_id);

CREATE TABLE IF NOT EXISTS delegation_states_v2 (
    LIKE delegations_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, delegation_id, position, image_no)
);
