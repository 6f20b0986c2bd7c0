-- What guests have used, by day, module and version. Each run of a server has rows
-- of its own, which it replaces with ever larger sums: a statement that is
-- repeated counts nothing twice. Who reads adds the runs up.
CREATE TABLE guest_usage (
    tenant_id TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    day       BIGINT NOT NULL,
    module    TEXT   NOT NULL,
    version   TEXT   NOT NULL,
    run       TEXT   NOT NULL,
    calls     BIGINT NOT NULL,
    turns     BIGINT NOT NULL,
    fuel      BIGINT NOT NULL,
    busy_us   BIGINT NOT NULL,
    faults    TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, day, module, version, run)
) WITHOUT ROWID;
