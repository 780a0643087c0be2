-- Points accounts as they stand; the past is added up from the lines.
CREATE TABLE IF NOT EXISTS points_accounts_v2 (
    ledger_id        text COLLATE "C" NOT NULL,
    account_id       uuid             NOT NULL,
    volunteer_id     uuid             NOT NULL,
    community_id     uuid             NOT NULL,
    awarded_points   bigint           NOT NULL DEFAULT 0,
    reversed_points  bigint           NOT NULL DEFAULT 0,
    expired_points   bigint           NOT NULL DEFAULT 0,
    redeemed_points  bigint           NOT NULL DEFAULT 0,
    returned_points  bigint           NOT NULL DEFAULT 0,
    balance_points   bigint           NOT NULL DEFAULT 0,
    lots             jsonb            NOT NULL DEFAULT '[]',  -- [{service_id, expires_on, points}]
    overdrawn_points bigint           NOT NULL DEFAULT 0,     -- only by imported history
    next_expiry_on   date,
    positions        bigint[]         NOT NULL,
    is_late          boolean          NOT NULL DEFAULT false,
    occurred_at      timestamptz      NOT NULL,
    recorded_at      timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, account_id)
);
CREATE INDEX IF NOT EXISTS points_accounts_v2_by_balance
    ON points_accounts_v2 (ledger_id, balance_points DESC, account_id);
CREATE INDEX IF NOT EXISTS points_accounts_v2_by_community
    ON points_accounts_v2 (ledger_id, community_id, balance_points DESC, account_id);

-- Every movement of every account; points in are positive, points out negative.
CREATE TABLE IF NOT EXISTS points_lines_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    account_id      uuid             NOT NULL,
    volunteer_id    uuid             NOT NULL,
    community_id    uuid             NOT NULL,
    kind            text COLLATE "C" NOT NULL,  -- opened, awarded, reversed, expired, ...
    points          bigint           NOT NULL,
    service_id      uuid,
    activity_id     uuid,
    served_on       date,
    minutes         integer,
    rule            text COLLATE "C" NOT NULL DEFAULT '',
    expires_on      date,                       -- the last day of the points awarded
    order_id        uuid,
    item_id         uuid,
    pieces          bigint,
    actor_id        uuid             NOT NULL,
    role            text             NOT NULL,
    organisation_id uuid,
    reason          text             NOT NULL DEFAULT '',
    policy_version  bigint           NOT NULL DEFAULT 0,
    is_history      boolean          NOT NULL DEFAULT false,
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
CREATE INDEX IF NOT EXISTS points_lines_v2_by_account
    ON points_lines_v2 (ledger_id, account_id, occurred_at, position);
CREATE INDEX IF NOT EXISTS points_lines_v2_by_community
    ON points_lines_v2 (ledger_id, community_id, account_id);

-- From which lot each movement took points, or into which it put them.
CREATE TABLE IF NOT EXISTS points_lot_lines_v2 (
    ledger_id    text COLLATE "C" NOT NULL,
    position     bigint           NOT NULL,
    line_no      integer          NOT NULL,
    account_id   uuid             NOT NULL,
    service_id   uuid             NOT NULL,
    expires_on   date             NOT NULL,
    points       bigint           NOT NULL,
    reverses     bigint,
    occurred_at  timestamptz      NOT NULL,
    recorded_at  timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS points_lot_lines_v2_by_account
    ON points_lot_lines_v2 (ledger_id, account_id, expires_on);

-- Where the points of an order came from, for when they go back.
CREATE TABLE IF NOT EXISTS points_orders_v2 (
    ledger_id  text COLLATE "C" NOT NULL,
    order_id   uuid             NOT NULL,
    account_id uuid             NOT NULL,
    taken      jsonb            NOT NULL,  -- [[service_id or null, expires_on, points]]
    positions  bigint[]         NOT NULL,
    PRIMARY KEY (ledger_id, order_id)
);
