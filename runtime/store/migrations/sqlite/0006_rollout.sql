-- Which version new calls get, and how that came about. `current_version` is the
-- stable one. `revision` counts changes: whoever changes the rollout says which
-- one was seen. `last_number` outlives versions, so that a number is never
-- given to other bytes.
ALTER TABLE programs ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE programs ADD COLUMN canary_version TEXT;
ALTER TABLE programs ADD COLUMN canary_share BIGINT;
ALTER TABLE programs ADD COLUMN rollback_rules TEXT NOT NULL DEFAULT '{}';
ALTER TABLE programs ADD COLUMN last_number BIGINT NOT NULL DEFAULT 0;
UPDATE programs SET last_number = (
    SELECT COALESCE(MAX(v.number), 0) FROM versions v WHERE v.program_id = programs.id
);

CREATE TABLE rollout_changes (
    program_id TEXT   NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    revision   BIGINT NOT NULL,
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    body       TEXT   NOT NULL,
    PRIMARY KEY (program_id, revision)
) WITHOUT ROWID;
CREATE INDEX rollout_changes_tenant ON rollout_changes (tenant_id);

-- The operator's signature; null for versions from before there was one.
ALTER TABLE versions ADD COLUMN signed_by TEXT;
ALTER TABLE versions ADD COLUMN signature TEXT;

-- A number may lead to one version of its flow, or have a canary of its own.
ALTER TABLE numbers ADD COLUMN pinned_version TEXT;
ALTER TABLE numbers ADD COLUMN canary_version TEXT;
ALTER TABLE numbers ADD COLUMN canary_share BIGINT;

-- The version that a call began with, whatever took over later.
ALTER TABLE calls ADD COLUMN began_with TEXT;
CREATE INDEX calls_by_version ON calls (tenant_id, began_with, started_at, id)
    WHERE began_with IS NOT NULL;
