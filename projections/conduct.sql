-- Units: how often in a row their matters went up to the county, and what followed.
CREATE TABLE IF NOT EXISTS unit_streaks_v3 (
    ledger_id              text COLLATE "C" NOT NULL,
    conduct_id             uuid             NOT NULL,
    unit_id                uuid             NOT NULL,
    streak                 integer          NOT NULL DEFAULT 0,
    streak_no              integer          NOT NULL DEFAULT 0,  -- how many streaks so far
    streak_began_at        timestamptz,
    streak_petition_ids    uuid[]           NOT NULL DEFAULT '{}',
    longest_streak         integer          NOT NULL DEFAULT 0,
    escalations_count      integer          NOT NULL DEFAULT 0,
    self_escalations_count integer          NOT NULL DEFAULT 0,     -- by its own people: no streak
    last_escalated_at      timestamptz,
    breaks_count           integer          NOT NULL DEFAULT 0,
    transfers_due          jsonb            NOT NULL DEFAULT '[]',  -- not made yet
    transfers_due_count    integer          NOT NULL DEFAULT 0,
    transfer_due_on        date,                                    -- the earliest of them
    is_provisional         boolean          NOT NULL DEFAULT false,
    transfers_count        integer          NOT NULL DEFAULT 0,
    transfers_missed_count integer          NOT NULL DEFAULT 0,
    analyses_count         integer          NOT NULL DEFAULT 0,
    findings_count         integer          NOT NULL DEFAULT 0,
    findings_open_count    integer          NOT NULL DEFAULT 0,     -- since the last talk
    talks_count            integer          NOT NULL DEFAULT 0,
    first_position         bigint           NOT NULL,
    last_position          bigint           NOT NULL,
    streak_positions       bigint[]         NOT NULL DEFAULT '{}',  -- what made the streak
    is_late                boolean          NOT NULL DEFAULT false,
    occurred_at            timestamptz      NOT NULL,
    recorded_at            timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, conduct_id)
);
CREATE INDEX IF NOT EXISTS unit_streaks_v3_worst
    ON unit_streaks_v3 (ledger_id, streak, escalations_count, unit_id);

CREATE TABLE IF NOT EXISTS unit_streak_states_v3 (
    LIKE unit_streaks_v3 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, conduct_id, position, image_no)
);

-- Every event of a unit's conduct, with the streak as it was after it.
CREATE TABLE IF NOT EXISTS unit_conduct_steps_v3 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    line_no         integer          NOT NULL,
    conduct_id      uuid             NOT NULL,
    unit_id         uuid             NOT NULL,
    step            text COLLATE "C" NOT NULL,
    streak          integer          NOT NULL,
    streak_no       integer          NOT NULL,
    petition_ids    uuid[]           NOT NULL,
    petition_round  integer,
    due_on          date,
    is_provisional  boolean          NOT NULL,
    fell_due_at     timestamptz,               -- of a transfer: when the oldest of its matters was due
    organisation_id uuid,                      -- the office, or who held the talk
    kind            text COLLATE "C" NOT NULL, -- of an inspection finding
    person_id       uuid,
    summary         text             NOT NULL,
    actor_id        uuid             NOT NULL,
    role            text             NOT NULL,
    reason          text             NOT NULL,
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
CREATE INDEX IF NOT EXISTS unit_conduct_steps_v3_by_unit
    ON unit_conduct_steps_v3 (ledger_id, unit_id, position);
CREATE INDEX IF NOT EXISTS unit_conduct_steps_v3_by_step
    ON unit_conduct_steps_v3 (ledger_id, step, position);
