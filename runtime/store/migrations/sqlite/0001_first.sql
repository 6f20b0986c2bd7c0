-- Ids are UUIDs as text, times are milliseconds since 1970 as integers, flags
-- are 0 or 1 and structured values are JSON text, so that every statement reads
-- the same on SQLite and PostgreSQL.

CREATE TABLE tenants (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL UNIQUE,
    sip_domain  TEXT   NOT NULL UNIQUE,
    timezone    TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    fallback    TEXT   NOT NULL,
    http_allow  TEXT   NOT NULL,
    limits      TEXT   NOT NULL,
    router      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- tenant_id is null for the operator's own keys.
CREATE TABLE api_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    tenant_id    TEXT   REFERENCES tenants (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    prefix       TEXT   NOT NULL UNIQUE,
    hash         TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id);

CREATE TABLE trunks (
    id          TEXT   NOT NULL PRIMARY KEY,
    tenant_id   TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT   NOT NULL,
    settings    TEXT   NOT NULL,
    ha1_md5     TEXT,
    ha1_sha256  TEXT,
    out_secret  TEXT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

-- Immutable programs by the SHA-256 of their bytes; only versions lead here.
CREATE TABLE blobs (
    digest TEXT NOT NULL PRIMARY KEY,
    bytes  BLOB NOT NULL
);

CREATE TABLE programs (
    id              TEXT   NOT NULL PRIMARY KEY,
    tenant_id       TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind            TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    current_version TEXT,
    created_at      BIGINT NOT NULL,
    UNIQUE (tenant_id, kind, name)
);

CREATE TABLE versions (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    program_id TEXT   NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    number     BIGINT NOT NULL,
    digest     TEXT   NOT NULL REFERENCES blobs (digest),
    worlds     TEXT   NOT NULL,
    size_bytes BIGINT NOT NULL,
    note       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (program_id, number)
);
CREATE INDEX versions_tenant ON versions (tenant_id);
CREATE INDEX versions_digest ON versions (digest);

-- A public number belongs to one tenant in the whole installation.
CREATE TABLE numbers (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    number     TEXT   NOT NULL UNIQUE,
    flow_id    TEXT   REFERENCES programs (id),
    note       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX numbers_tenant ON numbers (tenant_id);
CREATE INDEX numbers_flow ON numbers (flow_id);

CREATE TABLE agents (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT   NOT NULL,
    extension  TEXT   NOT NULL,
    skills     TEXT   NOT NULL,
    ha1_md5    TEXT   NOT NULL,
    ha1_sha256 TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, extension)
);

CREATE TABLE agent_states (
    agent_id  TEXT   NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    tenant_id TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    state     TEXT   NOT NULL,
    since     BIGINT NOT NULL
);
CREATE INDEX agent_states_tenant ON agent_states (tenant_id);

CREATE TABLE queues (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT   NOT NULL,
    settings   TEXT   NOT NULL,
    all_agents BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE queue_members (
    queue_id TEXT NOT NULL REFERENCES queues (id) ON DELETE CASCADE,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    PRIMARY KEY (queue_id, agent_id)
);
CREATE INDEX queue_members_agent ON queue_members (agent_id);

CREATE TABLE prompts (
    id            TEXT   NOT NULL PRIMARY KEY,
    tenant_id     TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name          TEXT   NOT NULL,
    content_type  TEXT   NOT NULL,
    digest        TEXT   NOT NULL,
    duration_ms   BIGINT NOT NULL,
    original      BLOB   NOT NULL,
    converted     BLOB   NOT NULL,
    created_at    BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

-- Calls, recordings and journals do not refer to tenants: the writer must never
-- be stopped by a tenant that was deleted while its last call ended.
CREATE TABLE calls (
    id          TEXT   NOT NULL PRIMARY KEY,
    tenant_id   TEXT   NOT NULL,
    direction   TEXT   NOT NULL,
    from_addr   TEXT   NOT NULL,
    to_addr     TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    answered_at BIGINT,
    ended_at    BIGINT,
    cause       TEXT,
    queue       TEXT,
    agent_id    TEXT,
    record      TEXT   NOT NULL
);
CREATE INDEX calls_by_start ON calls (tenant_id, started_at, id);
CREATE INDEX calls_by_from ON calls (tenant_id, from_addr, started_at);
CREATE INDEX calls_by_agent ON calls (tenant_id, agent_id, started_at);
CREATE INDEX calls_open ON calls (started_at) WHERE ended_at IS NULL;

CREATE TABLE recordings (
    id          TEXT   NOT NULL PRIMARY KEY,
    tenant_id   TEXT   NOT NULL,
    call_id     TEXT   NOT NULL,
    file        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    size_bytes  BIGINT NOT NULL
);
CREATE INDEX recordings_by_start ON recordings (tenant_id, started_at, id);
CREATE INDEX recordings_by_call ON recordings (call_id);

CREATE TABLE journal (
    call_id   TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    tenant_id TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (call_id, seq)
) WITHOUT ROWID;
CREATE INDEX journal_tenant ON journal (tenant_id);

CREATE TABLE kv (
    tenant_id  TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    key        TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, key)
) WITHOUT ROWID;
CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;
