-- Public accounts as they stand now. The past is summed up from the lines, so there are no images.
CREATE TABLE IF NOT EXISTS accounts_v2 (
    ledger_id          text COLLATE "C" NOT NULL,
    account_id         uuid             NOT NULL,
    estate_id          uuid             NOT NULL,
    street_id          uuid             NOT NULL,
    balance_fen        bigint           NOT NULL DEFAULT 0,
    held_fen           bigint           NOT NULL DEFAULT 0,  -- set aside for approved expenses
    free_fen           bigint           NOT NULL DEFAULT 0,
    received_fen       bigint           NOT NULL DEFAULT 0,
    reversed_fen       bigint           NOT NULL DEFAULT 0,
    paid_fen           bigint           NOT NULL DEFAULT 0,
    paid_back_fen      bigint           NOT NULL DEFAULT 0,
    closed_through     date,
    opened_at          timestamptz      NOT NULL,
    opened_recorded_at timestamptz      NOT NULL,
    first_position     bigint           NOT NULL,
    last_position      bigint           NOT NULL,
    is_late            boolean          NOT NULL DEFAULT false,
    occurred_at        timestamptz      NOT NULL,
    recorded_at        timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, account_id)
);
CREATE INDEX IF NOT EXISTS accounts_v2_by_estate ON accounts_v2 (ledger_id, estate_id);
CREATE INDEX IF NOT EXISTS accounts_v2_by_street ON accounts_v2 (ledger_id, street_id);

-- The statement: every entry of an account, and what it changed of balance and money set aside.
CREATE TABLE IF NOT EXISTS account_lines_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    account_id      uuid             NOT NULL,
    estate_id       uuid             NOT NULL,
    kind            text COLLATE "C" NOT NULL,  -- the event: revenue_received, paid_out, ...
    amount_fen      bigint           NOT NULL DEFAULT 0,  -- added to the balance
    held_fen        bigint           NOT NULL DEFAULT 0,  -- added to what is set aside
    category        text COLLATE "C" NOT NULL DEFAULT '',
    counterparty    text             NOT NULL DEFAULT '',
    bank_reference  text             NOT NULL DEFAULT '',
    receipt_id      uuid,
    lease_id        uuid,
    expense_id      uuid,
    closed_through  date,
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
CREATE INDEX IF NOT EXISTS account_lines_v2_by_account
    ON account_lines_v2 (ledger_id, account_id, occurred_at, position, line_no);
CREATE INDEX IF NOT EXISTS account_lines_v2_by_lease
    ON account_lines_v2 (ledger_id, lease_id, occurred_at) WHERE lease_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS account_lines_v2_by_expense
    ON account_lines_v2 (ledger_id, expense_id, position) WHERE expense_id IS NOT NULL;

-- Each receipt: what a reversal refers to.
CREATE TABLE IF NOT EXISTS account_receipts_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    account_id      uuid             NOT NULL,
    receipt_id      uuid             NOT NULL,
    category        text COLLATE "C" NOT NULL,
    amount_fen      bigint           NOT NULL,
    payer           text             NOT NULL,
    lease_id        uuid,
    is_reversed     boolean          NOT NULL DEFAULT false,
    positions       bigint[]         NOT NULL DEFAULT '{}',
    PRIMARY KEY (ledger_id, account_id, receipt_id)
);

-- What is set aside for each expense at the moment; zero once paid or released.
CREATE TABLE IF NOT EXISTS account_holds_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    account_id      uuid             NOT NULL,
    expense_id      uuid             NOT NULL,
    held_fen        bigint           NOT NULL,
    paid_fen        bigint           NOT NULL DEFAULT 0,
    payee           text             NOT NULL DEFAULT '',
    positions       bigint[]         NOT NULL DEFAULT '{}',
    PRIMARY KEY (ledger_id, account_id, expense_id)
);

-- Leases: what is let to whom, and what is due when.
CREATE TABLE IF NOT EXISTS leases_v2 (
    ledger_id          text COLLATE "C" NOT NULL,
    lease_id           uuid             NOT NULL,
    account_id         uuid             NOT NULL,
    estate_id          uuid,            -- null: no public account is known under this id
    premises           text             NOT NULL,
    area_m2_hundredths bigint           NOT NULL,
    tenant             text             NOT NULL,
    tenant_id          uuid,
    starts_on          date             NOT NULL,
    ends_on            date             NOT NULL,
    ended_on           date,
    schedule           jsonb            NOT NULL,
    schedule_fen       bigint           NOT NULL,
    signed_at          timestamptz      NOT NULL,
    amended_count      integer          NOT NULL DEFAULT 0,
    positions          bigint[]         NOT NULL DEFAULT '{}',
    is_late            boolean          NOT NULL DEFAULT false,
    occurred_at        timestamptz      NOT NULL,
    recorded_at        timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, lease_id)
);
CREATE INDEX IF NOT EXISTS leases_v2_by_account ON leases_v2 (ledger_id, account_id);
CREATE INDEX IF NOT EXISTS leases_v2_by_estate ON leases_v2 (ledger_id, estate_id);
CREATE TABLE IF NOT EXISTS lease_states_v2 (
    LIKE leases_v2 INCLUDING DEFAULTS,
    position           bigint           NOT NULL,
    image_no           integer          NOT NULL DEFAULT 0,
    is_gone            boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, lease_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS lease_states_v2_by_account ON lease_states_v2 (ledger_id, account_id);
