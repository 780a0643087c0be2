-- Requests to erase personal data, as they stand.
CREATE TABLE IF NOT EXISTS erasures_v4 (
    ledger_id         text COLLATE "C" NOT NULL,
    erasure_id        uuid             NOT NULL,
    subject_id        uuid             NOT NULL,
    record_ids        uuid[]           NOT NULL,
    ground            text COLLATE "C" NOT NULL,
    stage             text COLLATE "C" NOT NULL,
    is_open           boolean          NOT NULL,
    requested_at      timestamptz      NOT NULL,
    requested_by      uuid             NOT NULL,
    requested_role    text COLLATE "C" NOT NULL,
    request_reason    text             NOT NULL,
    due_on            date             NOT NULL,
    is_provisional    boolean          NOT NULL,
    overdue_at        timestamptz,
    hold              text             NOT NULL DEFAULT '',
    decided_at        timestamptz,
    decided_by        uuid,
    decision_reason   text             NOT NULL DEFAULT '',
    carried_out_at    timestamptz,
    slots_count       integer          NOT NULL DEFAULT 0,
    documents_count   integer          NOT NULL DEFAULT 0,
    backups_expire_on date,
    positions         bigint[]         NOT NULL,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, erasure_id)
);
CREATE INDEX IF NOT EXISTS erasures_v4_by_request
    ON erasures_v4 (ledger_id, requested_at, erasure_id);
CREATE INDEX IF NOT EXISTS erasures_v4_by_subject ON erasures_v4 (ledger_id, subject_id);
