-- What routers saw and chose: why did this caller reach that agent?
CREATE TABLE decisions (
    tenant_id TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    at        BIGINT NOT NULL,
    ask       BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, at, ask)
) WITHOUT ROWID;

-- Which decision gave which call to an agent.
CREATE TABLE decision_calls (
    call_id   TEXT   NOT NULL,
    tenant_id TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    at        BIGINT NOT NULL,
    ask       BIGINT NOT NULL,
    PRIMARY KEY (call_id, at, ask)
) WITHOUT ROWID;
CREATE INDEX decision_calls_tenant ON decision_calls (tenant_id);
