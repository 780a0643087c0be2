-- Who looked: one line for each person that a look was about, or one without a person.
CREATE TABLE IF NOT EXISTS access_lines_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    kind            text COLLATE "C" NOT NULL,  -- revealed, looked_up, exported, read, ...
    person_id       uuid,
    record_id       uuid,
    fields          text[]           NOT NULL DEFAULT '{}',
    purpose         text COLLATE "C" NOT NULL DEFAULT '',
    operation       text COLLATE "C" NOT NULL DEFAULT '',
    actor_id        uuid             NOT NULL,
    role            text COLLATE "C" NOT NULL,
    organisation_id uuid,
    reason          text             NOT NULL DEFAULT '',
    detail          jsonb            NOT NULL DEFAULT '{}',
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS access_lines_v1_by_person
    ON access_lines_v1 (ledger_id, person_id, position) WHERE person_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS access_lines_v1_by_actor
    ON access_lines_v1 (ledger_id, actor_id, position);
CREATE INDEX IF NOT EXISTS access_lines_v1_by_kind
    ON access_lines_v1 (ledger_id, kind, position);
