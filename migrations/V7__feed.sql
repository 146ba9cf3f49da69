-- Reading the timeline of one tenant as it grows, without a gap: in the order of transactions, of which those that still run can
-- be told. What was written before is not part of it, and is not touched: a default for the old rows would write the table anew.

ALTER TABLE timeline ADD COLUMN tenant text, ADD COLUMN xid xid8;
ALTER TABLE timeline ALTER COLUMN xid SET DEFAULT pg_current_xact_id();

CREATE INDEX timeline_by_tenant ON timeline (tenant, xid, id) WHERE tenant IS NOT NULL;
