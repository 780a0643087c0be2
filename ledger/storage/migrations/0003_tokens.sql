-- 0003: tokens for programs that ask the api. Only digests are kept: a copy of this table opens
-- nothing.

CREATE TABLE tokens (
    ledger_id       text COLLATE "C" NOT NULL,
    token_id        uuid             NOT NULL,
    token_hash      bytea            NOT NULL CHECK (octet_length(token_hash) = 32),
    name            text             NOT NULL,
    role            text             NOT NULL,
    organisation_id uuid,
    post            text             NOT NULL DEFAULT '',
    actor_id        uuid             NOT NULL,  -- the pseudonym that events name
    created_at      timestamptz      NOT NULL,
    expires_at      timestamptz,
    revoked_at      timestamptz,

    PRIMARY KEY (ledger_id, token_id),
    CONSTRAINT tokens_are_told_apart_by_their_digest UNIQUE (ledger_id, token_hash)
);
