-- Where each agent's phones are, so that they can be called after a restart.
-- The shape of `contacts` is signalling's.
CREATE TABLE phone_contacts (
    agent_id  TEXT NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    contacts  TEXT NOT NULL
);
CREATE INDEX recordings_running ON recordings (call_id) WHERE state = 'running';
