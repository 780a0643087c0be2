-- The expense register: one row an expense; who applied, reviewed, approved and paid is who counts
-- now, so a change empties review and approval. The steps below keep them all.
CREATE TABLE IF NOT EXISTS expenses_v2 (
    ledger_id             text COLLATE "C" NOT NULL,
    expense_id            uuid             NOT NULL,
    account_id            uuid             NOT NULL,
    estate_id             uuid             NOT NULL,
    amount_fen            bigint           NOT NULL,
    category              text COLLATE "C" NOT NULL,
    purpose               text             NOT NULL,
    payee                 text             NOT NULL,
    payee_id              uuid,
    status                text COLLATE "C" NOT NULL,
    applied_at            timestamptz      NOT NULL,
    applied_by            uuid             NOT NULL,
    reviewed_at           timestamptz,
    reviewed_by           uuid,
    approved_at           timestamptz,
    approved_by           uuid,
    paid_at               timestamptz,
    paid_by               uuid,
    paid_fen              bigint           NOT NULL DEFAULT 0,  -- zero again once reversed
    bank_reference        text             NOT NULL DEFAULT '',
    publish_by_on         date,
    is_publish_by_provisional boolean         NOT NULL DEFAULT false,
    published_at          timestamptz,
    published_where       text             NOT NULL DEFAULT '',
    published_until_on    date,
    is_publication_missed boolean          NOT NULL DEFAULT false,
    changed_count         integer          NOT NULL DEFAULT 0,
    voided_count          integer          NOT NULL DEFAULT 0,  -- reviews and approvals undone
    evidence_count        integer          NOT NULL DEFAULT 0,
    objection_count       integer          NOT NULL DEFAULT 0,
    open_objection_count  integer          NOT NULL DEFAULT 0,
    missed_answer_count   integer          NOT NULL DEFAULT 0,
    breaches              text[]           NOT NULL DEFAULT '{}',
    positions             bigint[]         NOT NULL DEFAULT '{}',
    is_late               boolean          NOT NULL DEFAULT false,
    occurred_at           timestamptz      NOT NULL,
    recorded_at           timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, expense_id)
);
CREATE INDEX IF NOT EXISTS expenses_v2_by_estate
    ON expenses_v2 (ledger_id, estate_id, applied_at, expense_id);
CREATE INDEX IF NOT EXISTS expenses_v2_by_account ON expenses_v2 (ledger_id, account_id);
CREATE INDEX IF NOT EXISTS expenses_v2_by_status ON expenses_v2 (ledger_id, status);
CREATE TABLE IF NOT EXISTS expense_states_v2 (
    LIKE expenses_v2 INCLUDING DEFAULTS,
    position              bigint           NOT NULL,
    image_no              integer          NOT NULL DEFAULT 0,
    is_gone               boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, expense_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS expense_states_v2_by_estate
    ON expense_states_v2 (ledger_id, estate_id, expense_id);

-- The approval trail: every step, in order, also those that a later change made void.
CREATE TABLE IF NOT EXISTS expense_steps_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    expense_id      uuid             NOT NULL,
    estate_id       uuid             NOT NULL,
    step            text COLLATE "C" NOT NULL,  -- the event: applied, review_passed, approved, ...
    actor_id        uuid             NOT NULL,
    role            text COLLATE "C" NOT NULL,
    organisation_id uuid,
    post            text             NOT NULL DEFAULT '',
    on_behalf_of    uuid,
    amount_fen      bigint,
    category        text COLLATE "C" NOT NULL DEFAULT '',
    purpose         text             NOT NULL DEFAULT '',
    payee           text             NOT NULL DEFAULT '',
    bank_reference  text             NOT NULL DEFAULT '',
    published_where text             NOT NULL DEFAULT '',
    until_on        date,                       -- of a publication: its last day; else: due day
    objection_id    uuid,
    statement       text             NOT NULL DEFAULT '',
    evidence_kind   text COLLATE "C" NOT NULL DEFAULT '',
    evidence        jsonb            NOT NULL DEFAULT '[]',
    reason          text             NOT NULL DEFAULT '',
    breaches        text[]           NOT NULL DEFAULT '{}',
    is_late         boolean          NOT NULL DEFAULT false,
    true_day        date,
    said_by         uuid,
    proposed_by     uuid[]           NOT NULL DEFAULT '{}',
    voids           bigint[]         NOT NULL DEFAULT '{}',
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS expense_steps_v2_by_expense
    ON expense_steps_v2 (ledger_id, expense_id, position);
CREATE INDEX IF NOT EXISTS expense_steps_v2_by_actor
    ON expense_steps_v2 (ledger_id, actor_id, position);

-- Owners' objections and their answers.
CREATE TABLE IF NOT EXISTS expense_objections_v2 (
    ledger_id          text COLLATE "C" NOT NULL,
    expense_id         uuid             NOT NULL,
    objection_id       uuid             NOT NULL,
    estate_id          uuid             NOT NULL,
    statement          text             NOT NULL,
    raised_at          timestamptz      NOT NULL,
    raised_by          uuid             NOT NULL,
    due_on             date             NOT NULL,
    is_due_provisional boolean          NOT NULL,
    answer             text             NOT NULL DEFAULT '',
    answered_at        timestamptz,
    answered_by        uuid,
    answered_role      text COLLATE "C" NOT NULL DEFAULT '',
    is_missed          boolean          NOT NULL DEFAULT false,
    status             text COLLATE "C" NOT NULL DEFAULT 'open',  -- open, missed, answered
    positions          bigint[]         NOT NULL DEFAULT '{}',
    is_late            boolean          NOT NULL DEFAULT false,
    occurred_at        timestamptz      NOT NULL,
    recorded_at        timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, expense_id, objection_id)
);
CREATE INDEX IF NOT EXISTS expense_objections_v2_by_estate
    ON expense_objections_v2 (ledger_id, estate_id);
CREATE TABLE IF NOT EXISTS expense_objection_states_v2 (
    LIKE expense_objections_v2 INCLUDING DEFAULTS,
    position           bigint           NOT NULL,
    image_no           integer          NOT NULL DEFAULT 0,
    is_gone            boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, expense_id, objection_id, position, image_no)
);
