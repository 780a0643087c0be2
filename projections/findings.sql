-- Findings of estate supervisors as they stand; one image after each event that changed one.
CREATE TABLE IF NOT EXISTS findings_v2 (
    ledger_id         text COLLATE "C" NOT NULL,
    finding_id        uuid             NOT NULL,
    supervisor_id     uuid             NOT NULL,   -- the person
    estate_id         uuid             NOT NULL,
    company_id        uuid             NOT NULL,
    source            text COLLATE "C" NOT NULL,
    category          text COLLATE "C" NOT NULL,
    item              text COLLATE "C" NOT NULL,
    summary           text             NOT NULL,
    place             text             NOT NULL,
    raised_at         timestamptz      NOT NULL,
    raised_on         date             NOT NULL,
    stage             text COLLATE "C" NOT NULL,
    is_settled        boolean          NOT NULL DEFAULT false,
    settled_at        timestamptz,
    result            text             NOT NULL DEFAULT '',
    due_on            date,                        -- of the last reminder, until it is answered
    is_provisional    boolean          NOT NULL DEFAULT false,
    reminders_count   integer          NOT NULL DEFAULT 0,
    missed_count      integer          NOT NULL DEFAULT 0,
    talks_count       integer          NOT NULL DEFAULT 0,
    assessment_points integer          NOT NULL DEFAULT 0,
    breaches          text[]           NOT NULL DEFAULT '{}',
    positions         bigint[]         NOT NULL,
    is_late           boolean          NOT NULL DEFAULT false,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, finding_id)
);
CREATE INDEX IF NOT EXISTS findings_v2_by_raising
    ON findings_v2 (ledger_id, raised_at, finding_id);
CREATE INDEX IF NOT EXISTS findings_v2_by_company
    ON findings_v2 (ledger_id, company_id, raised_at, finding_id);
CREATE INDEX IF NOT EXISTS findings_v2_by_estate
    ON findings_v2 (ledger_id, estate_id, raised_at, finding_id);

CREATE TABLE IF NOT EXISTS finding_states_v2 (
    LIKE findings_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, finding_id, position, image_no)
);

-- Every step of every finding.
CREATE TABLE IF NOT EXISTS finding_steps_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    finding_id      uuid             NOT NULL,
    step            text COLLATE "C" NOT NULL,
    stage           text COLLATE "C" NOT NULL,
    detail          jsonb            NOT NULL,
    actor_id        uuid             NOT NULL,
    role            text             NOT NULL,
    organisation_id uuid,
    reason          text             NOT NULL,
    evidence        jsonb            NOT NULL,
    cause           uuid,
    policy_version  bigint           NOT NULL,
    is_history      boolean          NOT NULL,
    breaches        text[]           NOT NULL,
    is_late         boolean          NOT NULL DEFAULT false,
    true_day        date,
    said_by         uuid,
    proposed_by     uuid[]           NOT NULL DEFAULT '{}',
    voids           bigint[]         NOT NULL DEFAULT '{}',
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS finding_steps_v2_by_finding
    ON finding_steps_v2 (ledger_id, finding_id, occurred_at, position);

-- Supervisors and the estates that they watch over.
CREATE TABLE IF NOT EXISTS supervisors_v2 (
    ledger_id      text COLLATE "C" NOT NULL,
    supervisor_id  uuid             NOT NULL,      -- the stream; person_id is who it is
    person_id      uuid             NOT NULL,
    estate_ids     uuid[]           NOT NULL,
    appointed_at   timestamptz      NOT NULL,
    first_position bigint           NOT NULL,
    last_position  bigint           NOT NULL,
    is_late        boolean          NOT NULL DEFAULT false,
    occurred_at    timestamptz      NOT NULL,
    recorded_at    timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, supervisor_id)
);
CREATE INDEX IF NOT EXISTS supervisors_v2_by_person ON supervisors_v2 (ledger_id, person_id);

CREATE TABLE IF NOT EXISTS supervisor_states_v2 (
    LIKE supervisors_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, supervisor_id, position, image_no)
);
