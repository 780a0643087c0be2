-- 0004: the log's tree in tiles, completed in the transaction of the append that completes them.
--
-- A row is a full tile: hash i of tile n at a level is the root over the 256^level leaves from
-- (n·256 + i)·256^level on. root is the root over its hashes, a hash of the level above, kept so
-- that a partial tile of that level is one range of this table. Partial tiles are not stored:
-- their hashes are events.leaf_hash, or the roots of the level below.
CREATE TABLE tiles (
    ledger_id text COLLATE "C" NOT NULL,
    level     smallint         NOT NULL CHECK (level BETWEEN 0 AND 7),
    number    bigint           NOT NULL CHECK (number >= 0),
    hashes    bytea            NOT NULL CHECK (octet_length(hashes) = 8192),
    root      bytea            NOT NULL CHECK (octet_length(root) = 32),

    PRIMARY KEY (ledger_id, level, number)
);
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;  -- hashes cannot be compressed

CREATE TRIGGER tiles_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON tiles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Ledgers that have events already get the tiles that their appends would have completed.
CREATE FUNCTION pg_temp.root_over(hashes bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    above bytea;
BEGIN
    WHILE octet_length(hashes) > 32 LOOP
        SELECT string_agg(sha256('\x01' || substring(hashes FROM at FOR 64)), '' ORDER BY at)
            INTO above FROM generate_series(1, octet_length(hashes), 64) AS at;
        hashes := above;
    END LOOP;
    RETURN hashes;
END;
$$;

DO $$
DECLARE
    filling smallint := 0;
    filled  bigint;
BEGIN
    INSERT INTO tiles (ledger_id, level, number, hashes, root)
        SELECT ledger_id, 0, number, hashes, pg_temp.root_over(hashes) FROM (
            SELECT ledger_id, position / 256 AS number,
                string_agg(leaf_hash, '' ORDER BY position) AS hashes
            FROM events GROUP BY ledger_id, position / 256 HAVING count(*) = 256
        ) AS full_ones;
    GET DIAGNOSTICS filled = ROW_COUNT;
    WHILE filled > 0 AND filling < 7 LOOP
        filling := filling + 1;
        INSERT INTO tiles (ledger_id, level, number, hashes, root)
            SELECT ledger_id, filling, number, hashes, pg_temp.root_over(hashes) FROM (
                SELECT ledger_id, number / 256 AS number,
                    string_agg(root, '' ORDER BY tiles.number) AS hashes
                FROM tiles WHERE level = filling - 1
                GROUP BY ledger_id, tiles.number / 256 HAVING count(*) = 256
            ) AS full_ones;
        GET DIAGNOSTICS filled = ROW_COUNT;
    END LOOP;
END;
$$;

DROP FUNCTION pg_temp.root_over(bytea);
