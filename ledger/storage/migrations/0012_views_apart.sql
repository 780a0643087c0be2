-- 0012: views live in a schema of their own. The role that serves makes and drops their tables
-- there, and cannot make any beside the log: what it made could stand in front of the log's.

CREATE SCHEMA IF NOT EXISTS minzhang_views;
ALTER TABLE view_checkpoints SET SCHEMA minzhang_views;

-- Where a view is made a second time, to mend or to check it: one schema at a time is taken.
CREATE SCHEMA IF NOT EXISTS minzhang_scratch_1;
CREATE SCHEMA IF NOT EXISTS minzhang_scratch_2;
CREATE SCHEMA IF NOT EXISTS minzhang_scratch_3;
CREATE SCHEMA IF NOT EXISTS minzhang_scratch_4;

-- Views that are there already come along, so that none has to be made again.
DO $$
DECLARE
    found regclass;
BEGIN
    FOR found IN
        SELECT oid FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
            AND relname ~ '_v[0-9]+$'
    LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA minzhang_views', found);
    END LOOP;
END;
$$;
