-- Fills an empty, migrated database with what lies behind after a long time: uploads of several tenants, their timelines, what
-- they use and what is counted of them. All of it is made from numbers, so twice the same. By hand, with 1,000,000 uploads:
--
--   psql "$URL" -c 'SET growth.uploads = 1000000' -f testkit/src/growth/fill.sql -c 'VACUUM (ANALYZE)'
--
-- growth.days            over how many days they were made (365)
-- growth.timeline_days   of how many days the timeline is there, as a retention leaves it (all)
-- growth.tenants         of how many tenants, the first of which has half of all, the second a quarter and so on (20)
-- growth.pending         how many of the newest are pending, none of which is due within the next hour (1000)

DO $$ BEGIN
    IF EXISTS (SELECT FROM uploads) OR EXISTS (SELECT FROM timeline) THEN
        RAISE 'this database has uploads already: growth is for an empty one';
    END IF;
END $$;

CREATE TEMP TABLE growth AS
SELECT current_setting('growth.uploads')::bigint AS uploads,
    make_interval(days => coalesce(nullif(current_setting('growth.days', true), ''), '365')::integer) AS span,
    make_interval(days => coalesce(nullif(current_setting('growth.timeline_days', true), ''), '36500')::integer) AS told,
    coalesce(nullif(current_setting('growth.tenants', true), ''), '20')::integer AS tenants,
    coalesce(nullif(current_setting('growth.pending', true), ''), '1000')::bigint AS pending,
    now() AS until, pg_current_xact_id()::text::bigint AS xid;

-- Indexes are built when the rows are there: that is several times as fast. Those of constraints stay, their rows come in order.
CREATE TEMP TABLE growth_indexes AS
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
WHERE i.indrelid IN ('uploads'::regclass, 'timeline'::regclass) AND c.oid IS NULL;

DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM growth_indexes LOOP EXECUTE 'DROP INDEX ' || one.name; END LOOP;
END $$;

INSERT INTO uploads (id, tenant, policy, status, origin, filename, content_type, size, grant_key, write_once, created_at, deadline,
    look_at, decided_at, object_key, object_size, object_etag, detected_type, reasons, reserved_bytes)
SELECT id, tenant, policy, status, 'v1', filename, content_type, size, key, true, created_at, created_at + interval '1 hour',
    CASE WHEN status = 'pending' THEN g.until + interval '1 hour' ELSE created_at + interval '2 minutes' END,
    CASE status WHEN 'pending' THEN NULL WHEN 'expired' THEN least(created_at + interval '1 hour', g.until)
        ELSE least(created_at + interval '1 second' * (1 + n % 30), g.until) END,
    CASE WHEN has_object THEN key END, CASE WHEN has_object THEN size END, CASE WHEN has_object THEN '"' || random || '"' END,
    CASE WHEN has_object THEN CASE status WHEN 'rejected' THEN 'application/zip' ELSE content_type END END,
    CASE status WHEN 'rejected' THEN reasons END, size
FROM growth g CROSS JOIN LATERAL (
    SELECT n, md5(n::text) AS random, g.until - g.span * ((g.uploads - n)::float8 / g.uploads) - interval '2 seconds' AS created_at,
        CASE WHEN n > g.uploads - g.pending THEN 'pending'
            ELSE (ARRAY['rejected', 'rejected', 'expired', 'canceled', 'deleted'])[1 + n % 40] END AS rare
    FROM generate_series(1, g.uploads) AS n
) a CROSS JOIN LATERAL (
    SELECT coalesce(rare, 'confirmed') AS status, 10000 + ('x' || substr(random, 1, 5))::bit(20)::bigint AS size,
        -- Where a random number has its first 1: at the first place half of the time, at the second a quarter.
        'tenant-' || lpad(least(coalesce(nullif(position(B'1' IN ('x' || substr(random, 6, 5))::bit(20)), 0), 20), g.tenants)::text,
            2, '0') AS tenant,
        (lpad(to_hex(floor(extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || substr(random, 1, 3) || '8'
            || substr(random, 4, 15))::uuid AS id,
        (ARRAY['images', 'images', 'images', 'documents'])[1 + n % 4] AS policy,
        (ARRAY['image/jpeg', 'image/png', 'image/webp', 'application/pdf'])[1 + n % 4] AS content_type,
        (ARRAY['.jpg', '.png', '.webp', '.pdf'])[1 + n % 4] AS extension,
        jsonb_build_array(jsonb_build_object('code', 'type_mismatch', 'detail', 'It is application/zip.')) AS reasons
) b CROSS JOIN LATERAL (
    SELECT policy || '/' || tenant || '/' || id || extension AS key, 'file-' || n || extension AS filename,
        status IN ('confirmed', 'rejected', 'deleted') AS has_object
) c;

-- As if all transactions that the server counts had written them, evenly; all of those have ended.
INSERT INTO timeline (upload_id, tenant, at, status, cause, cause_id, took_ms, waited_ms, xid)
SELECT u.id, u.tenant, line.at, line.status, line.cause, line.cause_id, line.took_ms, line.waited_ms,
    (3 + floor((g.xid - 4) * extract(epoch FROM line.at - g.until + g.span)::float8 / extract(epoch FROM g.span)::float8))::bigint::text::xid8
FROM growth g CROSS JOIN uploads u CROSS JOIN LATERAL (
    VALUES (u.created_at, 'pending', 'client', md5(u.tenant)::uuid::text, NULL::integer, NULL::integer),
        (u.decided_at, CASE u.status WHEN 'deleted' THEN 'confirmed' ELSE u.status END,
            CASE u.status WHEN 'expired' THEN 'sweep' WHEN 'canceled' THEN 'client' ELSE 'event' END,
            CASE WHEN u.status <> 'expired' THEN md5(u.filename)::uuid::text END, 3 + length(u.filename), 40 + (u.size % 4000)::integer),
        (CASE u.status WHEN 'deleted' THEN least(u.decided_at + interval '1 minute', g.until) END, 'deleted', 'client',
            md5(u.tenant)::uuid::text, NULL, NULL)
) AS line (at, status, cause, cause_id, took_ms, waited_ms)
WHERE u.created_at > g.until - g.told AND line.at IS NOT NULL;

DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM growth_indexes LOOP EXECUTE one.definition; END LOOP;
END $$;

INSERT INTO idempotency_keys (tenant, key, fingerprint, upload_id, created_at)
SELECT tenant, filename, sha256(filename::bytea), id, created_at FROM uploads, growth
WHERE created_at > until - interval '47 hours' AND size % 3 = 0;

INSERT INTO unwanted_objects (object_key, upload_id, due_at)
SELECT object_key, id, until + interval '1 hour' FROM uploads, growth WHERE status = 'rejected' ORDER BY id DESC LIMIT 500;

INSERT INTO dead_events (message_id, body, reason, at)
SELECT md5(n::text)::uuid::text, '{}', 'it is no notification', until - interval '1 hour' * n FROM growth, generate_series(1, 50) AS n;

INSERT INTO usage (tenant, pending_uploads, reserved_bytes, stored_uploads, stored_bytes)
SELECT tenant, count(*) FILTER (WHERE status = 'pending'), coalesce(sum(reserved_bytes) FILTER (WHERE status = 'pending'), 0),
    count(*) FILTER (WHERE status = 'confirmed'), coalesce(sum(object_size) FILTER (WHERE status = 'confirmed'), 0)
FROM uploads GROUP BY tenant
ON CONFLICT (tenant) DO UPDATE
SET pending_uploads = excluded.pending_uploads, reserved_bytes = excluded.reserved_bytes,
    stored_uploads = excluded.stored_uploads, stored_bytes = excluded.stored_bytes;

DELETE FROM totals;
INSERT INTO totals (tenant, status, uploads)
SELECT coalesce(tenant, ''), status, count(*) FROM uploads GROUP BY GROUPING SETS ((tenant, status), (status));

-- What `counting.count` would have counted, for as long as it is kept.
DELETE FROM activity;
WITH seen AS (
    SELECT t.tenant, u.policy, t.at, t.status, t.waited_ms
    FROM growth g JOIN timeline t ON t.at > g.until - least(g.told, interval '62 days') JOIN uploads u ON u.id = t.upload_id
), named AS (
    SELECT tenant, policy, at, 'status' AS kind, status AS name FROM seen
    UNION ALL SELECT tenant, policy, at, 'reason', 'type_mismatch' FROM seen WHERE status = 'rejected'
    UNION ALL SELECT tenant, policy, at, 'wait', floor(6 * ln(greatest(waited_ms, 1)::float8) / ln(2::float8))::integer::text
    FROM seen WHERE waited_ms IS NOT NULL
)
INSERT INTO activity (seconds, tenant, at, policy, kind, name, count)
SELECT seconds, coalesce(tenant, ''), began, policy, kind, name, count(*)
FROM growth CROSS JOIN (VALUES (60, 1), (900, 2), (7200, 62)) AS length (seconds, days) JOIN named ON at > until - make_interval(days => days)
CROSS JOIN LATERAL (SELECT date_bin(make_interval(secs => seconds), at, 'epoch') AS began) b
GROUP BY GROUPING SETS ((seconds, tenant, began, policy, kind, name), (seconds, began, policy, kind, name));

UPDATE counting SET xid = last.xid, id = last.id, until = now() FROM (SELECT xid, id FROM timeline ORDER BY xid DESC, id DESC LIMIT 1) last;

DROP TABLE growth, growth_indexes;
