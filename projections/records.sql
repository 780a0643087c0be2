-- Where every record is: the estate, community or other organisation that it began at.
CREATE TABLE IF NOT EXISTS records_v1 (
    ledger_id      text COLLATE "C" NOT NULL,
    record_id      uuid             NOT NULL,
    kind           text COLLATE "C" NOT NULL,  -- of the record: deposit, petition, ...
    place_id       uuid,
    first_position bigint           NOT NULL,
    last_position  bigint           NOT NULL,
    occurred_at    timestamptz      NOT NULL,
    recorded_at    timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, record_id)
);

-- Whom every record concerns, a line each: the place it is at, organisations that take part,
-- persons it is about; open ones (rules, calendars) concern everybody. Permissions to read are
-- conditions on this table.
CREATE TABLE IF NOT EXISTS record_ties_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    record_id   uuid             NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    tie         text COLLATE "C" NOT NULL,  -- place, party, person, open
    member_id   uuid,                       -- null: open to everybody
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE INDEX IF NOT EXISTS record_ties_v1_by_member
    ON record_ties_v1 (ledger_id, tie, member_id) INCLUDE (record_id, stream_id);
CREATE INDEX IF NOT EXISTS record_ties_v1_by_record
    ON record_ties_v1 (ledger_id, record_id, tie, member_id);
CREATE INDEX IF NOT EXISTS record_ties_v1_by_stream
    ON record_ties_v1 (ledger_id, stream_id, tie, member_id);
