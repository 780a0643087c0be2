-- The embedded server's two roles, made and kept as they must be by its superuser.

DO $$
DECLARE
    name  text;
    found record;
BEGIN
    PERFORM pg_advisory_xact_lock(1835626106);  -- the lock of the migrations
    FOREACH name IN ARRAY ARRAY['minzhang_owner', 'minzhang_app'] LOOP
        IF to_regrole(name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
            name
        );
    END LOOP;
    GRANT minzhang_app TO minzhang_owner;  -- to hand views over; never the other way round
    FOR found IN
        SELECT roleid::regrole AS name FROM pg_auth_members
        WHERE member = 'minzhang_app'::regrole
    LOOP
        EXECUTE format('REVOKE %s FROM minzhang_app', found.name);
    END LOOP;
    -- For people at a prompt; programs of ours set it themselves.
    ALTER ROLE minzhang_owner SET search_path = public, pg_temp;
    ALTER ROLE minzhang_app SET search_path = public, minzhang_views, pg_temp;

    EXECUTE format('ALTER DATABASE %I OWNER TO minzhang_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO minzhang_app', current_database());

    -- What an older version made as the superuser becomes the owner's. Indexes and sequences of
    -- columns follow their tables.
    FOR found IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
            AND pg_get_userbyid(relowner) = session_user
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO minzhang_owner', found.name);
    END LOOP;
    FOR found IN
        SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) = session_user
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO minzhang_owner', found.name);
    END LOOP;
END;
$$;
