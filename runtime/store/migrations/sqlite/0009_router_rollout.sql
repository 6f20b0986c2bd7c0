-- Which version of a router decided, and how that went: what versions are compared
-- by. Null: it was no version of the tenant's own, or is older than this.
ALTER TABLE decisions ADD COLUMN version_id TEXT;
ALTER TABLE decisions ADD COLUMN fault_kind TEXT;
ALTER TABLE decisions ADD COLUMN fuel BIGINT;
ALTER TABLE decisions ADD COLUMN busy_us BIGINT;
CREATE INDEX decisions_by_version ON decisions (tenant_id, version_id, at, ask)
    WHERE version_id IS NOT NULL;

-- What became of the contacts that a version was to decide about.
CREATE TABLE routed_contacts (
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    version_id TEXT   NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    call_id    TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, version_id, at, call_id)
) WITHOUT ROWID;
CREATE INDEX routed_contacts_by_age ON routed_contacts (tenant_id, at);
