-- 0033: documents are encrypted files, each the upload of one person about one person or nobody in
-- particular; its slot holds the key and the sealed name. Rows of evidence_files are documents that
-- an earlier version stored in clear: they are sealed at the next start, and then have no row there.

CREATE TABLE sealed_documents (
    ledger_id   text COLLATE "C" NOT NULL,
    slot_id     uuid             NOT NULL,
    sha256      text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    actor_id    uuid             NOT NULL,  -- who uploaded it
    subject_id  uuid,                       -- whom it is about, if the upload said so
    media_type  text             NOT NULL,
    size_bytes  bigint           NOT NULL CHECK (size_bytes > 0),
    uploaded_at timestamptz      NOT NULL,

    PRIMARY KEY (ledger_id, slot_id)
);
CREATE UNIQUE INDEX sealed_documents_once
    ON sealed_documents (ledger_id, sha256, actor_id, subject_id) NULLS NOT DISTINCT;
CREATE INDEX sealed_documents_of_actor ON sealed_documents (ledger_id, actor_id, uploaded_at);
CREATE INDEX sealed_documents_of_subject ON sealed_documents (ledger_id, subject_id)
    WHERE subject_id IS NOT NULL;
