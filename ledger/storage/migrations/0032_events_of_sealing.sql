-- 0032: what the log says about sealed data is found without reading the whole log. Few events are
-- of these kinds, so the index stays small and appends hardly notice it.

CREATE INDEX events_of_sealing ON events (ledger_id, position)
    WHERE topic IN (
        'person.sealed.v1', 'person.erased.v1', 'erasure.approved.v1', 'erasure.carried_out.v1'
    );
