-- Rules of trunks and tenants: one document each, checked when it is written.
ALTER TABLE tenants ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
ALTER TABLE trunks ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
