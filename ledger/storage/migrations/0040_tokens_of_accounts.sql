-- 0040: tokens are bound to the service's own key: each row carries a code over all that it says,
-- and a row that somebody puts in or changes has none that fits. The key is in no database, so rows
-- from before cannot be given one here: those tokens end, and are made anew.

DELETE FROM tokens;

ALTER TABLE tokens
    ADD COLUMN code bytea NOT NULL CHECK (octet_length(code) = 32);
