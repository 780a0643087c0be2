-- 0020: what permissions follow from is found without reading the whole log. Few events are of
-- these kinds, so the index stays small and appends hardly notice it.

CREATE INDEX events_of_standing ON events (ledger_id, position)
    WHERE starts_with(topic, 'organisation.') OR starts_with(topic, 'delegation.');
