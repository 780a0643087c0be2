-- 0034: which key made a blind index, so that the key can be changed while people are looked for.
-- A row of before says '': it was made by the only key that there was.

ALTER TABLE blind_indexes ADD COLUMN index_key text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX blind_indexes_by_key ON blind_indexes (ledger_id, index_key, slot_id, field);
