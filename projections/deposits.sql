-- The deposit register: one row a deposit as it stands now, and an image after each change.
CREATE TABLE IF NOT EXISTS deposits_v2 (
    ledger_id         text COLLATE "C" NOT NULL,
    deposit_id        uuid             NOT NULL,
    estate_id         uuid             NOT NULL,
    company_id        uuid             NOT NULL,
    contract          text             NOT NULL,
    basis             text             NOT NULL,
    form              text COLLATE "C" NOT NULL,
    ends_on           date             NOT NULL,
    return_days       integer          NOT NULL,
    base_fen          bigint           NOT NULL,
    rate_bp           integer          NOT NULL,
    required_fen      bigint           NOT NULL DEFAULT 0,
    held_fen          bigint           NOT NULL DEFAULT 0,
    promised_fen      bigint           NOT NULL DEFAULT 0,  -- held back by open draw-downs
    free_fen          bigint           NOT NULL DEFAULT 0,
    demanded_fen      bigint           NOT NULL DEFAULT 0,  -- asked of the company, still open
    shortfall_fen     bigint           NOT NULL DEFAULT 0,  -- missing and not demanded yet
    received_fen      bigint           NOT NULL DEFAULT 0,
    topped_up_fen     bigint           NOT NULL DEFAULT 0,
    paid_fen          bigint           NOT NULL DEFAULT 0,
    refunded_fen      bigint           NOT NULL DEFAULT 0,
    returned_fen      bigint           NOT NULL DEFAULT 0,
    forfeited_fen     bigint           NOT NULL DEFAULT 0,
    open_draw_count   integer          NOT NULL DEFAULT 0,
    missed_count      integer          NOT NULL DEFAULT 0,  -- top-ups and returns not made in time
    assessed_at       timestamptz      NOT NULL,
    ended_on          date,
    return_due_on     date,
    is_return_missed  boolean          NOT NULL DEFAULT false,
    is_closed         boolean          NOT NULL DEFAULT false,
    status            text COLLATE "C" NOT NULL DEFAULT '',  -- assessed, short, full, ended, closed
    positions         bigint[]         NOT NULL DEFAULT '{}',
    is_late           boolean          NOT NULL DEFAULT false,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, deposit_id)
);
CREATE INDEX IF NOT EXISTS deposits_v2_by_estate ON deposits_v2 (ledger_id, estate_id);
CREATE INDEX IF NOT EXISTS deposits_v2_by_company ON deposits_v2 (ledger_id, company_id);
CREATE TABLE IF NOT EXISTS deposit_states_v2 (
    LIKE deposits_v2 INCLUDING DEFAULTS,
    position          bigint           NOT NULL,
    image_no          integer          NOT NULL DEFAULT 0,
    is_gone           boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, deposit_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS deposit_states_v2_by_estate ON deposit_states_v2 (ledger_id, estate_id);

-- The book: every change of what is held, held back, due or demanded; sums of lines are exact for
-- any two times, also when something was recorded late.
CREATE TABLE IF NOT EXISTS deposit_lines_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    deposit_id      uuid             NOT NULL,
    estate_id       uuid             NOT NULL,
    kind            text COLLATE "C" NOT NULL,  -- the event: received, draw_paid, ...
    held_fen        bigint           NOT NULL DEFAULT 0,
    promised_fen    bigint           NOT NULL DEFAULT 0,
    required_fen    bigint           NOT NULL DEFAULT 0,
    demanded_fen    bigint           NOT NULL DEFAULT 0,
    draw_id         uuid,
    demand_id       uuid,
    cause_kind      text COLLATE "C" NOT NULL DEFAULT '',
    cause_id        uuid,
    cause_record    text             NOT NULL DEFAULT '',
    payee           text             NOT NULL DEFAULT '',
    purpose         text             NOT NULL DEFAULT '',
    bank_reference  text             NOT NULL DEFAULT '',
    reason          text             NOT NULL DEFAULT '',
    actor_id        uuid             NOT NULL,
    role            text COLLATE "C" NOT NULL,
    breaches        text[]           NOT NULL DEFAULT '{}',
    is_late         boolean          NOT NULL DEFAULT false,
    true_day        date,
    said_by         uuid,
    proposed_by     uuid[]           NOT NULL DEFAULT '{}',
    reverses        bigint,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS deposit_lines_v2_by_deposit
    ON deposit_lines_v2 (ledger_id, deposit_id, occurred_at, position, line_no);
CREATE INDEX IF NOT EXISTS deposit_lines_v2_by_estate
    ON deposit_lines_v2 (ledger_id, estate_id, occurred_at);

-- Draw-downs: why, who asked, who approved, what was paid, how the work was, what the company says.
CREATE TABLE IF NOT EXISTS deposit_draws_v2 (
    ledger_id         text COLLATE "C" NOT NULL,
    deposit_id        uuid             NOT NULL,
    draw_id           uuid             NOT NULL,
    estate_id         uuid             NOT NULL,
    company_id        uuid             NOT NULL,
    amount_fen        bigint           NOT NULL,
    payee             text             NOT NULL,
    payee_id          uuid,
    purpose           text             NOT NULL,
    cause_kind        text COLLATE "C" NOT NULL,
    cause_id          uuid,
    cause_record      text             NOT NULL DEFAULT '',
    reminder_id       uuid,
    status            text COLLATE "C" NOT NULL DEFAULT 'requested',
    requested_at      timestamptz      NOT NULL,
    requested_by      uuid             NOT NULL,
    requested_role    text COLLATE "C" NOT NULL,
    decided_at        timestamptz,
    decided_by        uuid,
    decision_reason   text             NOT NULL DEFAULT '',
    work_ordered_at   timestamptz,
    contractor        text             NOT NULL DEFAULT '',
    work              text             NOT NULL DEFAULT '',
    paid_at           timestamptz,
    paid_by           uuid,
    paid_fen          bigint           NOT NULL DEFAULT 0,
    bank_reference    text             NOT NULL DEFAULT '',
    verified_at       timestamptz,
    verified_by       uuid,
    is_work_accepted  boolean,
    contest_until_on  date,
    is_contest_until_provisional boolean      NOT NULL DEFAULT false,
    contested_at      timestamptz,
    contest_statement text             NOT NULL DEFAULT '',
    contest_status    text COLLATE "C" NOT NULL DEFAULT '',  -- open, upheld, dismissed
    contest_decided_at timestamptz,
    contest_decided_by uuid,
    contest_reason    text             NOT NULL DEFAULT '',
    refunded_fen      bigint           NOT NULL DEFAULT 0,
    refund_due_on     date,            -- an upheld contest's money is due back until then
    is_refund_due_provisional boolean  NOT NULL DEFAULT false,
    is_refund_missed  boolean          NOT NULL DEFAULT false,
    breaches          text[]           NOT NULL DEFAULT '{}',
    positions         bigint[]         NOT NULL DEFAULT '{}',
    is_late           boolean          NOT NULL DEFAULT false,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, deposit_id, draw_id)
);
CREATE INDEX IF NOT EXISTS deposit_draws_v2_by_estate ON deposit_draws_v2 (ledger_id, estate_id);
CREATE INDEX IF NOT EXISTS deposit_draws_v2_by_cause
    ON deposit_draws_v2 (ledger_id, cause_id) WHERE cause_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS deposit_draw_states_v2 (
    LIKE deposit_draws_v2 INCLUDING DEFAULTS,
    position          bigint           NOT NULL,
    image_no          integer          NOT NULL DEFAULT 0,
    is_gone           boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, deposit_id, draw_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS deposit_draw_states_v2_by_estate
    ON deposit_draw_states_v2 (ledger_id, estate_id);

-- Demands to fill a deposit up again, and what came in for each.
CREATE TABLE IF NOT EXISTS deposit_demands_v2 (
    ledger_id         text COLLATE "C" NOT NULL,
    deposit_id        uuid             NOT NULL,
    demand_id         uuid             NOT NULL,
    estate_id         uuid             NOT NULL,
    company_id        uuid             NOT NULL,
    amount_fen        bigint           NOT NULL,
    received_fen      bigint           NOT NULL DEFAULT 0,
    open_fen          bigint           NOT NULL,
    demanded_at       timestamptz      NOT NULL,
    due_on            date             NOT NULL,
    is_due_provisional boolean         NOT NULL,
    is_missed         boolean          NOT NULL DEFAULT false,
    settled_at        timestamptz,
    status            text COLLATE "C" NOT NULL DEFAULT 'open',  -- open, missed, met, met_late
    positions         bigint[]         NOT NULL DEFAULT '{}',
    is_late           boolean          NOT NULL DEFAULT false,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, deposit_id, demand_id)
);
CREATE INDEX IF NOT EXISTS deposit_demands_v2_by_estate
    ON deposit_demands_v2 (ledger_id, estate_id);
CREATE TABLE IF NOT EXISTS deposit_demand_states_v2 (
    LIKE deposit_demands_v2 INCLUDING DEFAULTS,
    position          bigint           NOT NULL,
    image_no          integer          NOT NULL DEFAULT 0,
    is_gone           boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, deposit_id, demand_id, position, image_no)
);

-- What the company was told to put right, and by when.
CREATE TABLE IF NOT EXISTS deposit_reminders_v2 (
    ledger_id    text COLLATE "C" NOT NULL,
    position     bigint           NOT NULL,
    line_no      integer          NOT NULL,
    deposit_id   uuid             NOT NULL,
    estate_id    uuid             NOT NULL,
    reminder_id  uuid             NOT NULL,
    matter       text             NOT NULL,
    due_at       timestamptz      NOT NULL,
    actor_id     uuid             NOT NULL,
    role         text COLLATE "C" NOT NULL,
    is_late      boolean          NOT NULL DEFAULT false,
    true_day     date,
    said_by      uuid,
    proposed_by  uuid[]           NOT NULL DEFAULT '{}',
    occurred_at  timestamptz      NOT NULL,
    recorded_at  timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS deposit_reminders_v2_by_deposit
    ON deposit_reminders_v2 (ledger_id, deposit_id, position);
