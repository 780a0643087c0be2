-- Organisations as dated facts: nothing is moved or renamed in place, so the tree can be asked
-- for as it was on any day, and as the ledger knew it at any time.
CREATE TABLE IF NOT EXISTS organisations_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    organisation_id uuid             NOT NULL,
    code            text COLLATE "C" NOT NULL,
    kind            text COLLATE "C" NOT NULL,
    valid_from      date             NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position)
);
CREATE UNIQUE INDEX IF NOT EXISTS organisations_v1_by_id
    ON organisations_v1 (ledger_id, organisation_id);
CREATE UNIQUE INDEX IF NOT EXISTS organisations_v1_by_code ON organisations_v1 (ledger_id, code);

CREATE TABLE IF NOT EXISTS organisation_names_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    organisation_id uuid             NOT NULL,
    name_zh         text             NOT NULL,
    name_en         text             NOT NULL,
    valid_from      date             NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position)
);
CREATE INDEX IF NOT EXISTS organisation_names_v1_by_day
    ON organisation_names_v1 (ledger_id, organisation_id, valid_from, position);

CREATE TABLE IF NOT EXISTS organisation_places_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    organisation_id uuid             NOT NULL,
    parent_id       uuid,
    valid_from      date             NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position)
);
CREATE INDEX IF NOT EXISTS organisation_places_v1_by_day
    ON organisation_places_v1 (ledger_id, organisation_id, valid_from, position);

CREATE TABLE IF NOT EXISTS organisation_ends_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    organisation_id uuid             NOT NULL,
    until_on        date             NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position)
);
CREATE INDEX IF NOT EXISTS organisation_ends_v1_by_id
    ON organisation_ends_v1 (ledger_id, organisation_id, position);

-- A person took a post; organisation_leavings_v1 may say that it ended earlier.
CREATE TABLE IF NOT EXISTS organisation_tenures_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    organisation_id uuid             NOT NULL,
    person_id       uuid             NOT NULL,
    post            text COLLATE "C" NOT NULL,
    from_on         date             NOT NULL,
    until_on        date,
    term            text             NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position)
);
CREATE INDEX IF NOT EXISTS organisation_tenures_v1_by_organisation
    ON organisation_tenures_v1 (ledger_id, organisation_id, position);
CREATE INDEX IF NOT EXISTS organisation_tenures_v1_by_person
    ON organisation_tenures_v1 (ledger_id, person_id, position);

CREATE TABLE IF NOT EXISTS organisation_leavings_v1 (
    ledger_id       text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    organisation_id uuid             NOT NULL,
    person_id       uuid             NOT NULL,
    post            text COLLATE "C" NOT NULL,
    until_on        date             NOT NULL,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position)
);
CREATE INDEX IF NOT EXISTS organisation_leavings_v1_by_person
    ON organisation_leavings_v1 (ledger_id, organisation_id, person_id, position);
