-- Activities as they stand; one image after each event that changed one.
CREATE TABLE IF NOT EXISTS activities_v2 (
    ledger_id        text COLLATE "C" NOT NULL,
    activity_id      uuid             NOT NULL,
    organiser_id     uuid             NOT NULL,
    place_id         uuid             NOT NULL,  -- a community or an estate
    kind             text COLLATE "C" NOT NULL,
    title            text             NOT NULL,
    starts_at        timestamptz      NOT NULL,
    ends_at          timestamptz      NOT NULL,
    capacity         integer          NOT NULL,  -- volunteers
    state            text COLLATE "C" NOT NULL DEFAULT 'open',  -- open, closed, cancelled
    present_count    integer          NOT NULL DEFAULT 0,
    verified_count   integer          NOT NULL DEFAULT 0,
    rejected_count   integer          NOT NULL DEFAULT 0,
    verified_minutes bigint           NOT NULL DEFAULT 0,
    first_position   bigint           NOT NULL,
    last_position    bigint           NOT NULL,
    is_late          boolean          NOT NULL DEFAULT false,
    occurred_at      timestamptz      NOT NULL,
    recorded_at      timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, activity_id)
);
CREATE INDEX IF NOT EXISTS activities_v2_by_start
    ON activities_v2 (ledger_id, starts_at DESC, activity_id);
CREATE INDEX IF NOT EXISTS activities_v2_by_place
    ON activities_v2 (ledger_id, place_id, starts_at DESC);

CREATE TABLE IF NOT EXISTS activity_states_v2 (
    LIKE activities_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, activity_id, position, image_no)
);

-- What each volunteer did at each activity, and who says so.
CREATE TABLE IF NOT EXISTS services_v2 (
    ledger_id                text COLLATE "C" NOT NULL,
    activity_id              uuid             NOT NULL,
    volunteer_id             uuid             NOT NULL,
    service_id               uuid             NOT NULL,  -- what its award of points names
    organiser_id             uuid             NOT NULL,
    place_id                 uuid             NOT NULL,
    kind                     text COLLATE "C" NOT NULL,
    title                    text             NOT NULL,
    served_on                date             NOT NULL,
    state                    text COLLATE "C" NOT NULL,  -- present, left, verified, rejected
    checked_in_at            timestamptz      NOT NULL,
    checked_in_by            uuid             NOT NULL,
    checked_out_at           timestamptz,
    checked_out_by           uuid,
    minutes                  integer          NOT NULL DEFAULT 0,  -- verified, else 0
    decided_by               uuid,
    decided_as               text COLLATE "C" NOT NULL DEFAULT '',
    decided_by_organisation  uuid,
    decided_at               timestamptz,
    reason                   text             NOT NULL DEFAULT '',  -- of the last step
    breaches                 text[]           NOT NULL DEFAULT '{}',
    positions                bigint[]         NOT NULL,
    is_late                  boolean          NOT NULL DEFAULT false,
    occurred_at              timestamptz      NOT NULL,
    recorded_at              timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, activity_id, volunteer_id)
);
CREATE INDEX IF NOT EXISTS services_v2_by_volunteer
    ON services_v2 (ledger_id, volunteer_id, served_on DESC);
CREATE INDEX IF NOT EXISTS services_v2_by_day
    ON services_v2 (ledger_id, served_on DESC, activity_id, volunteer_id);
CREATE INDEX IF NOT EXISTS services_v2_by_decision
    ON services_v2 (ledger_id, decided_by) WHERE decided_by IS NOT NULL;

CREATE TABLE IF NOT EXISTS service_states_v2 (
    LIKE services_v2 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, activity_id, volunteer_id, position, image_no)
);
CREATE INDEX IF NOT EXISTS service_states_v2_by_volunteer
    ON service_states_v2 (ledger_id, volunteer_id);
