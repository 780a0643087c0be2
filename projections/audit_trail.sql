-- The audit trail: one row an event of any kind, from its header; never from what it decided.
CREATE TABLE IF NOT EXISTS audit_trail_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    event_id        uuid             NOT NULL,
    stream_id       text COLLATE "C" NOT NULL,
    kind            text COLLATE "C" NOT NULL,  -- of the stream: deposit, petition, ...
    version         bigint           NOT NULL,
    topic           text COLLATE "C" NOT NULL,
    actor_id        uuid,                       -- null: not recorded by a person's command
    role            text             NOT NULL DEFAULT '',
    organisation_id uuid,
    post            text             NOT NULL DEFAULT '',
    on_behalf_of    uuid,
    is_late         boolean          NOT NULL DEFAULT false,
    true_day        date,
    said_by         uuid,
    proposed_by     uuid[]           NOT NULL DEFAULT '{}',
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    cause           uuid,
    correlation     uuid,
    reason          text             NOT NULL DEFAULT '',
    policy_version  bigint           NOT NULL DEFAULT 0,
    is_history      boolean          NOT NULL DEFAULT false,
    breaches        text[]           NOT NULL DEFAULT '{}',
    evidence        jsonb            NOT NULL DEFAULT '[]',
    PRIMARY KEY (ledger_id, position)
);
CREATE UNIQUE INDEX IF NOT EXISTS audit_trail_v2_by_event ON audit_trail_v2 (ledger_id, event_id);
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_stream
    ON audit_trail_v2 (ledger_id, stream_id, position);
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_topic ON audit_trail_v2 (ledger_id, topic, position);
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_actor
    ON audit_trail_v2 (ledger_id, actor_id, position);
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_organisation
    ON audit_trail_v2 (ledger_id, organisation_id, position) WHERE organisation_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_cause
    ON audit_trail_v2 (ledger_id, cause, position) WHERE cause IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_correlation
    ON audit_trail_v2 (ledger_id, correlation, position) WHERE correlation IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_evidence
    ON audit_trail_v2 USING gin (evidence jsonb_path_ops) WHERE evidence <> '[]';
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_breach
    ON audit_trail_v2 (ledger_id, position) WHERE breaches <> '{}';
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_occurred_at
    ON audit_trail_v2 USING brin (occurred_at);
CREATE INDEX IF NOT EXISTS audit_trail_v2_by_recorded_at
    ON audit_trail_v2 USING brin (recorded_at);

-- Which estates, petitions, communities and so on an event names: a stream that named one once
-- concerns it.
CREATE TABLE IF NOT EXISTS audit_subjects_v2 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    subject_id  uuid             NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS audit_subjects_v2_by_subject
    ON audit_subjects_v2 (ledger_id, subject_id, stream_id);
