-- Shop items as they stand; the past is added up from the lines.
CREATE TABLE IF NOT EXISTS shop_items_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    item_id         uuid             NOT NULL,
    shop_id         uuid             NOT NULL,
    code            text COLLATE "C" NOT NULL,
    name            text             NOT NULL,
    price_points    bigint           NOT NULL,            -- a piece
    received_pieces bigint           NOT NULL DEFAULT 0,
    adjusted_pieces bigint           NOT NULL DEFAULT 0,  -- found or lost, by decision
    issued_pieces   bigint           NOT NULL DEFAULT 0,  -- handed out and not brought back
    reserved_pieces bigint           NOT NULL DEFAULT 0,  -- paid for, still in the shop
    free_pieces     bigint           NOT NULL DEFAULT 0,  -- received + adjusted - the two above
    counted_pieces  bigint,                               -- by the last count; null: never
    is_withdrawn    boolean          NOT NULL DEFAULT false,
    first_position  bigint           NOT NULL,
    last_position   bigint           NOT NULL,
    is_late         boolean          NOT NULL DEFAULT false,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, item_id)
);
CREATE INDEX IF NOT EXISTS shop_items_v2_by_shop ON shop_items_v2 (ledger_id, shop_id, code);

-- Every movement of every item, and what price, count and offer it left behind.
CREATE TABLE IF NOT EXISTS shop_lines_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    item_id         uuid             NOT NULL,
    shop_id         uuid             NOT NULL,
    code            text COLLATE "C" NOT NULL,
    name            text             NOT NULL,
    kind            text COLLATE "C" NOT NULL,
    received        bigint           NOT NULL DEFAULT 0,  -- changes, in pieces
    adjusted        bigint           NOT NULL DEFAULT 0,
    issued          bigint           NOT NULL DEFAULT 0,
    reserved        bigint           NOT NULL DEFAULT 0,
    free            bigint           NOT NULL DEFAULT 0,
    price_points    bigint           NOT NULL,
    counted_pieces  bigint,
    is_withdrawn    boolean          NOT NULL,
    order_id        uuid,
    donor_id        uuid,
    actor_id        uuid             NOT NULL,
    role            text             NOT NULL,
    organisation_id uuid,
    reason          text             NOT NULL DEFAULT '',
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
CREATE INDEX IF NOT EXISTS shop_lines_v2_by_item
    ON shop_lines_v2 (ledger_id, item_id, occurred_at, position);

-- What volunteers redeemed; one image after each event that changed an order.
CREATE TABLE IF NOT EXISTS redemptions_v2 (
    ledger_id        text COLLATE "C" NOT NULL,
    order_id         uuid             NOT NULL,
    item_id          uuid             NOT NULL,
    shop_id          uuid             NOT NULL,
    code             text COLLATE "C" NOT NULL,
    name             text             NOT NULL,
    volunteer_id     uuid             NOT NULL,
    pieces           bigint           NOT NULL,
    points           bigint           NOT NULL,
    state            text COLLATE "C" NOT NULL,  -- reserved, issued, cancelled, returned
    reserved_at      timestamptz      NOT NULL,
    issued_at        timestamptz,
    issued_by        uuid,
    returnable_until date,
    ended_at         timestamptz,                -- called off or brought back
    reason           text             NOT NULL DEFAULT '',
    breaches         text[]           NOT NULL DEFAULT '{}',
    positions        bigint[]         NOT NULL,
    is_late          boolean          NOT NULL DEFAULT false,
    occurred_at      timestamptz      NOT NULL,
    recorded_at      timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, order_id)
);
CREATE INDEX IF NOT EXISTS redemptions_v2_by_time
    ON redemptions_v2 (ledger_id, reserved_at DESC, order_id);
CREATE INDEX IF NOT EXISTS redemptions_v2_by_volunteer
    ON redemptions_v2 (ledger_id, volunteer_id, reserved_at DESC);
CREATE INDEX IF NOT EXISTS redemptions_v2_by_item
    ON redemptions_v2 (ledger_id, item_id, reserved_at DESC);

CREATE TABLE IF NOT EXISTS redemption_states_v2 (
    LIKE redemptions_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, order_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS redemption_states_v2_by_volunteer
    ON redemption_states_v2 (ledger_id, volunteer_id);
