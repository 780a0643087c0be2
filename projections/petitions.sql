-- Petitions as they stand; one image after each event that changed one.
CREATE TABLE IF NOT EXISTS petitions_v2 (
    ledger_id          text COLLATE "C" NOT NULL,
    petition_id        uuid             NOT NULL,
    reference          text COLLATE "C" NOT NULL,
    channel            text COLLATE "C" NOT NULL,
    procedure          text COLLATE "C" NOT NULL,
    category           text COLLATE "C" NOT NULL DEFAULT '',  -- empty: not classified yet
    item               text COLLATE "C" NOT NULL DEFAULT '',
    title              text             NOT NULL,
    summary            text             NOT NULL,
    place              text             NOT NULL,
    community_id       uuid             NOT NULL,
    estate_id          uuid,
    petitioner_id      uuid             NOT NULL,
    received_by_id     uuid             NOT NULL,
    filed_at           timestamptz      NOT NULL,
    filed_on           date             NOT NULL,
    stage              text COLLATE "C" NOT NULL,
    is_open            boolean          NOT NULL DEFAULT true,
    round              integer          NOT NULL DEFAULT 1,
    level              text COLLATE "C" NOT NULL,
    levels_reached     text[]           NOT NULL,
    holder_id          uuid             NOT NULL,
    unit_ids           uuid[]           NOT NULL,              -- everyone who ever held it
    handler_id         uuid,
    co_unit_ids        uuid[]           NOT NULL DEFAULT '{}',
    obligor_ids        uuid[]           NOT NULL DEFAULT '{}',
    obligor_spent_fen  bigint           NOT NULL DEFAULT 0,
    outcome            text COLLATE "C" NOT NULL DEFAULT '',
    is_resolved        boolean,                                -- what the petitioner said last
    is_satisfied       boolean,
    accepted_at        timestamptz,
    answered_at        timestamptz,
    ended_at           timestamptz,
    merged_into_id     uuid,
    absorbed_ids       uuid[]           NOT NULL DEFAULT '{}',
    supervised_unit_id uuid,
    extensions_count   integer          NOT NULL DEFAULT 0,
    missed_count       integer          NOT NULL DEFAULT 0,
    due_on             date,                                   -- the earliest day still waited for
    due_clock          text COLLATE "C" NOT NULL DEFAULT '',
    is_provisional     boolean          NOT NULL DEFAULT false,
    clocks             jsonb            NOT NULL DEFAULT '[]', -- what is waited for
    breaches           text[]           NOT NULL DEFAULT '{}',
    positions          bigint[]         NOT NULL,
    is_late            boolean          NOT NULL DEFAULT false,
    occurred_at        timestamptz      NOT NULL,
    recorded_at        timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, petition_id)
) WITH (fillfactor = 80);  -- most changes touch no index: they find room beside the old row
CREATE INDEX IF NOT EXISTS petitions_v2_by_filing
    ON petitions_v2 (ledger_id, filed_at, petition_id);
CREATE INDEX IF NOT EXISTS petitions_v2_by_community
    ON petitions_v2 (ledger_id, community_id, filed_at, petition_id);
CREATE INDEX IF NOT EXISTS petitions_v2_by_estate
    ON petitions_v2 (ledger_id, estate_id, filed_at, petition_id) WHERE estate_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS petitions_v2_by_holder
    ON petitions_v2 (ledger_id, holder_id, filed_at, petition_id);
-- How many there are at each place, and how many of them are open: answered from the index alone.
CREATE INDEX IF NOT EXISTS petitions_v2_counted
    ON petitions_v2 (ledger_id, community_id, estate_id) INCLUDE (is_open, missed_count);

CREATE TABLE IF NOT EXISTS petition_states_v2 (
    LIKE petitions_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, petition_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS petition_states_v2_by_community
    ON petition_states_v2 (ledger_id, community_id);
CREATE INDEX IF NOT EXISTS petition_states_v2_by_estate
    ON petition_states_v2 (ledger_id, estate_id) WHERE estate_id IS NOT NULL;

-- Every step of every petition: who took it, where it left the petition, which clocks it moved.
-- clocks: {"started": [{id, clock, holder_id, ...}], "ended": [{id, in_time}],
--          "missed": [id], "recounted": [{id, due_on, is_provisional}]}
CREATE TABLE IF NOT EXISTS petition_steps_v2 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    petition_id     uuid             NOT NULL,
    step            text COLLATE "C" NOT NULL,
    round           integer          NOT NULL,
    stage           text COLLATE "C" NOT NULL,
    level           text COLLATE "C" NOT NULL,
    holder_id       uuid             NOT NULL,
    moves           boolean          NOT NULL,  -- the holder changed, or the petition ended
    actor_id        uuid             NOT NULL,
    role            text             NOT NULL,
    organisation_id uuid,
    post            text             NOT NULL,
    reason          text             NOT NULL,
    evidence        jsonb            NOT NULL,
    cause           uuid,
    policy_version  bigint           NOT NULL,
    is_history      boolean          NOT NULL,
    breaches        text[]           NOT NULL,
    detail          jsonb            NOT NULL,
    clocks          jsonb            NOT NULL,
    is_late         boolean          NOT NULL DEFAULT false,
    true_day        date,
    said_by         uuid,
    proposed_by     uuid[]           NOT NULL DEFAULT '{}',
    voids           bigint[]         NOT NULL DEFAULT '{}',
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS petition_steps_v2_by_petition
    ON petition_steps_v2 (ledger_id, petition_id, occurred_at, position);

-- What came in: +1 for a filing; a later category takes it from one count into another (-1, +1).
CREATE TABLE IF NOT EXISTS petition_filings_v2 (
    ledger_id    text COLLATE "C" NOT NULL,
    position     bigint           NOT NULL,
    line_no      integer          NOT NULL,
    petition_id  uuid             NOT NULL,
    month        text COLLATE "C" NOT NULL,     -- of the filing, in China: 2026-03
    channel      text COLLATE "C" NOT NULL,
    category     text COLLATE "C" NOT NULL,
    community_id uuid             NOT NULL,
    estate_id    uuid,
    filed        integer          NOT NULL,
    reverses     bigint,
    occurred_at  timestamptz      NOT NULL,
    recorded_at  timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS petition_filings_v2_by_community
    ON petition_filings_v2 (ledger_id, community_id, month);
CREATE INDEX IF NOT EXISTS petition_filings_v2_by_estate
    ON petition_filings_v2 (ledger_id, estate_id, month) WHERE estate_id IS NOT NULL;

-- The notices of the work calendar: to say how much of a wait was working time.
CREATE TABLE IF NOT EXISTS petition_calendar_v2 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    year        integer          NOT NULL,
    holidays    date[]           NOT NULL,
    workdays    date[]           NOT NULL,
    notice      text             NOT NULL,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
