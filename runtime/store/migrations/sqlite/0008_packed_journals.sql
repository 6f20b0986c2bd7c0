-- A journal of a call that is over takes a fraction of the room: its chunks are
-- replaced by few rows whose `entries` are empty and whose `packed` holds them.
-- The shape of `packed` is src/journal/pack.rs's.
ALTER TABLE journal ADD COLUMN packed BLOB;

-- What upkeep has done to the call's journal: 0 nothing, 1 packed it (or found it
-- unreadable and left it), 2 took it away.
ALTER TABLE calls ADD COLUMN journal_form BIGINT NOT NULL DEFAULT 0;
CREATE INDEX calls_to_pack ON calls (ended_at)
    WHERE journal_form = 0 AND ended_at IS NOT NULL;
CREATE INDEX calls_with_journal ON calls (tenant_id, ended_at)
    WHERE journal_form < 2 AND ended_at IS NOT NULL;
