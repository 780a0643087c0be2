-- The policy book: one row an entry (a number, a text or an edition of a list), withdrawn or not.
CREATE TABLE IF NOT EXISTS policy_entries_v2 (
    ledger_id         text COLLATE "C" NOT NULL,
    name              text COLLATE "C" NOT NULL,
    version_set       bigint           NOT NULL,  -- the version of the book it came with
    kind              text             NOT NULL,  -- number, text or list
    value             jsonb            NOT NULL,
    unit              text             NOT NULL,
    count             bigint,                     -- of items that a list must have
    edition           text             NOT NULL,
    basis_zh          text             NOT NULL,
    basis_en          text             NOT NULL,
    certainty         text             NOT NULL,
    valid_from        date             NOT NULL,
    version_withdrawn bigint,
    positions         bigint[]         NOT NULL,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, name, version_set)
);

CREATE TABLE IF NOT EXISTS policy_entry_states_v2 (
    ledger_id         text COLLATE "C" NOT NULL,
    name              text COLLATE "C" NOT NULL,
    version_set       bigint           NOT NULL,
    kind              text             NOT NULL,
    value             jsonb            NOT NULL,
    unit              text             NOT NULL,
    count             bigint,
    edition           text             NOT NULL,
    basis_zh          text             NOT NULL,
    basis_en          text             NOT NULL,
    certainty         text             NOT NULL,
    valid_from        date             NOT NULL,
    version_withdrawn bigint,
    positions         bigint[]         NOT NULL,
    position          bigint           NOT NULL,
    image_no          integer          NOT NULL DEFAULT 0,
    is_gone           boolean          NOT NULL DEFAULT false,
    occurred_at       timestamptz      NOT NULL,
    recorded_at       timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, name, version_set, position, image_no)
);
