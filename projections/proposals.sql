-- What was proposed and waits for a second person, or what became of it.
CREATE TABLE IF NOT EXISTS proposals_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    proposal_id     uuid             NOT NULL,
    operation       text COLLATE "C" NOT NULL,
    told            text             NOT NULL,  -- what was sent, as JSON
    until_on        date             NOT NULL,
    stage           text COLLATE "C" NOT NULL,
    made_at         timestamptz      NOT NULL,
    made_by         uuid             NOT NULL,
    made_for        uuid,                       -- the holder of the post, where somebody stood in
    role            text COLLATE "C" NOT NULL,
    organisation_id uuid,
    reason          text             NOT NULL DEFAULT '',
    evidence        jsonb            NOT NULL,
    ended_at        timestamptz,
    ended_by        uuid,
    ended_reason    text             NOT NULL DEFAULT '',
    positions       bigint[]         NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, proposal_id)
);
CREATE INDEX IF NOT EXISTS proposals_v1_by_stage ON proposals_v1 (ledger_id, stage, made_at);

CREATE TABLE IF NOT EXISTS proposal_states_v1 (
    LIKE proposals_v1 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, proposal_id, position, image_no)
);
