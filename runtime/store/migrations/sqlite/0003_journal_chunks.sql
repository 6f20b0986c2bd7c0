-- Entries of a call that were written together share a row: fewer rows, and the
-- long keys are written once. The shape of `entries` is src/journal.rs's.
CREATE TABLE journal_chunks (
    call_id   TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    tenant_id TEXT   NOT NULL,
    last_at   BIGINT NOT NULL,
    entries   TEXT   NOT NULL,
    PRIMARY KEY (call_id, seq)
) WITHOUT ROWID;
INSERT INTO journal_chunks (call_id, seq, tenant_id, last_at, entries)
    SELECT call_id, seq, tenant_id, at,
        seq || ' ' || at || ' ' || kind || ' ' || length(CAST(body AS BLOB)) || char(10)
            || body || char(10)
    FROM journal;
DROP TABLE journal;
ALTER TABLE journal_chunks RENAME TO journal;

-- Most calls have no agent.
DROP INDEX calls_by_agent;
CREATE INDEX calls_by_agent ON calls (tenant_id, agent_id, started_at)
    WHERE agent_id IS NOT NULL;
