-- What keeps statements as fast when there is much.

-- Postgres vacuums a table when a fifth of it is dead, and by then what its indexes lead to in vain makes polls and lists slow: of
-- ten million uploads two million. Each upload leaves a dead row, so vacuum comes after two per cent. Where rows are only added it
-- has to come, too: without it no index can answer alone.
ALTER TABLE uploads SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
ALTER TABLE timeline SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);

-- Rows that come and go: what is dead is soon most of it, however little there is.
ALTER TABLE idempotency_keys SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE unwanted_objects SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Whether an object is to be deleted already is asked for each page of a round through the bucket.
CREATE INDEX unwanted_objects_by_key ON unwanted_objects (object_key);
