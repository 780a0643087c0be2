-- 0010: what lets users in, and what would tell who they are. None of it is in the log: a row can
-- be erased and every proof still holds. Secrets are kept only as digests, passwords as argon2id
-- hashes, and what must be read back (the second factor's seed) sealed with the service's key.

-- The name that somebody types at the door (NFKC, case folded), and what must follow it.
CREATE TABLE user_logins (
    ledger_id       text COLLATE "C" NOT NULL,
    user_id         uuid             NOT NULL,  -- the pseudonym that entries name
    login_name      text COLLATE "C" NOT NULL CHECK (login_name <> ''),
    password_hash   text,                       -- argon2id with its parameters; none before set-up
    password_set_at timestamptz,
    second_factor   bytea,                      -- sealed seed of one-time codes
    enrolled_at     timestamptz,                -- none while the first code is awaited
    last_step       bigint           NOT NULL DEFAULT -1,  -- of the code used last: none twice

    PRIMARY KEY (ledger_id, user_id),
    CONSTRAINT user_logins_one_user_a_name UNIQUE (ledger_id, login_name)
);

CREATE TABLE user_recovery_codes (
    ledger_id text COLLATE "C" NOT NULL,
    user_id   uuid             NOT NULL,
    code_hash bytea            NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at   timestamptz,
    PRIMARY KEY (ledger_id, user_id, code_hash)
);

-- One-time links with which a user chooses a password.
CREATE TABLE user_invitations (
    ledger_id  text COLLATE "C" NOT NULL,
    link_hash  bytea            NOT NULL CHECK (octet_length(link_hash) = 32),
    user_id    uuid             NOT NULL,
    expires_at timestamptz      NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (ledger_id, link_hash)
);

-- Who a user is to an issuer of single sign-on.
CREATE TABLE user_identities (
    ledger_id text COLLATE "C" NOT NULL,
    issuer    text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    user_id   uuid             NOT NULL,
    linked_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, issuer, subject)
);

-- One row a session; its id is the stream that tells of it. It acts under one grant of its user,
-- or as the token it was opened with.
CREATE TABLE sessions (
    ledger_id         text COLLATE "C" NOT NULL,
    session_id        uuid             NOT NULL,
    secret_hash       bytea            NOT NULL CHECK (octet_length(secret_hash) = 32),
    user_id           uuid             NOT NULL,
    grant_id          uuid,
    token_id          uuid,
    method            text             NOT NULL,
    has_second_factor boolean          NOT NULL,
    is_pending        boolean          NOT NULL,  -- a one-time code is still awaited
    created_at        timestamptz      NOT NULL,
    seen_at           timestamptz      NOT NULL,
    ended_at          timestamptz,
    browser           text             NOT NULL,  -- a few words for its owner to know it by

    PRIMARY KEY (ledger_id, session_id),
    CONSTRAINT sessions_are_told_apart_by_their_digest UNIQUE (ledger_id, secret_hash)
);
CREATE INDEX sessions_of_a_user ON sessions (ledger_id, user_id) WHERE ended_at IS NULL;

-- Failed sign-ins by account and address, by account, and by address (keyed digests: neither can
-- be read back). All processes count here.
CREATE TABLE sign_in_counters (
    ledger_id    text COLLATE "C" NOT NULL,
    counter      bytea            NOT NULL,
    failures     integer          NOT NULL,
    started_at   timestamptz      NOT NULL,  -- of the time in which they count
    closed_until timestamptz      NOT NULL,
    succeeded_at timestamptz,
    PRIMARY KEY (ledger_id, counter)
);

-- Refusals that are counted before they become an entry.
CREATE TABLE refusal_windows (
    ledger_id  text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,   -- failed, blocked, denied
    subject    uuid             NOT NULL,   -- who was refused, or the stand-in for strangers
    what       text COLLATE "C" NOT NULL,   -- the method, or the operation
    role       text COLLATE "C" NOT NULL,
    started_at timestamptz      NOT NULL,
    attempts   bigint           NOT NULL,
    recorded   bigint           NOT NULL,   -- how many of them entries tell of
    PRIMARY KEY (ledger_id, kind, subject, what, role, started_at)
);

ALTER TABLE tokens
    ADD COLUMN operations   text[] NOT NULL DEFAULT '{}',  -- all that it may ask for; none: all
    ADD COLUMN last_used_at timestamptz;
