-- 0011: documents that were uploaded as evidence: who, what, how much. The documents themselves
-- are files, named by their digests; names that people gave them are in events only.

CREATE TABLE evidence_files (
    ledger_id   text COLLATE "C" NOT NULL,
    sha256      text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    actor_id    uuid             NOT NULL,
    media_type  text             NOT NULL,
    size_bytes  bigint           NOT NULL CHECK (size_bytes > 0),
    uploaded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, sha256, actor_id)
);
CREATE INDEX evidence_files_of_actor ON evidence_files (ledger_id, actor_id, uploaded_at);
