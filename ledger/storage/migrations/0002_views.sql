-- 0002: how far each view has read. The tables of the views themselves come from
-- projections/*.sql: they can be dropped and rebuilt from the log at any time.

-- One row a ledger, view and version. It changes in the same transaction as the view's rows, and
-- whoever writes them locks it first: two workers cannot both apply an event.
CREATE TABLE view_checkpoints (
    ledger_id       text COLLATE "C" NOT NULL,
    view            text COLLATE "C" NOT NULL,
    version         integer          NOT NULL CHECK (version > 0),
    position        bigint           NOT NULL DEFAULT -1 CHECK (position >= -1),  -- last applied
    failed_position bigint           CHECK (failed_position > position),  -- where it stopped
    failure         text,                                                 -- and why
    PRIMARY KEY (ledger_id, view, version),
    CONSTRAINT view_checkpoints_failure_has_a_position
        CHECK ((failed_position IS NULL) = (failure IS NULL))
);
