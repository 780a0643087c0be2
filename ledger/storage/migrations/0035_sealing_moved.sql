-- 0035: in each database that holds secrets or held them. A ledger that is named here has its
-- secrets in another database: none is taken here any more, whoever still thinks so.

CREATE TABLE sealing_moved (
    ledger_id   text COLLATE "C" PRIMARY KEY,
    slots_count bigint      NOT NULL,
    moved_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION refuse_slots_of_a_ledger_that_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM sealing_moved WHERE ledger_id = NEW.ledger_id) THEN
        RAISE EXCEPTION 'the secrets of ledger % were moved to another database', NEW.ledger_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sealing_slots_are_where_they_moved
    BEFORE INSERT ON sealing_slots
    FOR EACH ROW EXECUTE FUNCTION refuse_slots_of_a_ledger_that_moved();
