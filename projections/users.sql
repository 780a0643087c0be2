-- Users as they stand; one image after each event that changed one. Who they are is not here.
CREATE TABLE IF NOT EXISTS users_v3 (
    ledger_id         text COLLATE "C" NOT NULL,
    user_id           uuid             NOT NULL,
    opened_at         timestamptz      NOT NULL,
    is_disabled       boolean          NOT NULL DEFAULT false,
    has_password      boolean          NOT NULL DEFAULT false,
    has_second_factor boolean          NOT NULL DEFAULT false,
    identities_count  integer          NOT NULL DEFAULT 0,     -- linked at issuers
    roles             text[]           NOT NULL DEFAULT '{}',  -- of grants not revoked
    positions         bigint[]         NOT NULL,
    is_late           boolean          NOT NULL DEFAULT false,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, user_id)
);
CREATE INDEX IF NOT EXISTS users_v3_by_opening ON users_v3 (ledger_id, opened_at, user_id);

CREATE TABLE IF NOT EXISTS user_states_v3 (
    LIKE users_v3 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, user_id, position, image_no)
);

-- Every grant, revoked ones included.
CREATE TABLE IF NOT EXISTS user_grants_v3 (
    ledger_id       text COLLATE "C" NOT NULL,
    user_id         uuid             NOT NULL,
    grant_id        uuid             NOT NULL,
    role            text COLLATE "C" NOT NULL,
    organisation_id uuid,
    post            text             NOT NULL,
    from_on         date             NOT NULL,
    until_on        date,
    granted_by      uuid             NOT NULL,
    granted_at      timestamptz      NOT NULL,
    revoked_by      uuid,
    revoked_at      timestamptz,
    reason          text             NOT NULL DEFAULT '',  -- of the revocation
    positions       bigint[]         NOT NULL,
    is_late         boolean          NOT NULL DEFAULT false,
    occurred_at     timestamptz      NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, user_id, grant_id)
);
CREATE INDEX IF NOT EXISTS user_grants_v3_by_role ON user_grants_v3 (ledger_id, role, granted_at);

CREATE TABLE IF NOT EXISTS user_grant_states_v3 (
    LIKE user_grants_v3 INCLUDING DEFAULTS,
    position bigint NOT NULL,
    image_no integer NOT NULL DEFAULT 0,
    is_gone  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, user_id, grant_id, position, image_no)
);

-- Every time that somebody came in.
CREATE TABLE IF NOT EXISTS user_sign_ins_v3 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    user_id     uuid             NOT NULL,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS user_sign_ins_v3_of_user
    ON user_sign_ins_v3 (ledger_id, user_id, occurred_at);
