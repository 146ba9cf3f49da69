-- Uploads of the last 30 days, a fourth of them of the last day and a fourth of the last hour, so that every range of the charts
-- has some: for pictures, and for looking at the page with very many. Only rows: there is no object behind them. 20000 stands for
-- how many.

WITH drawn AS (
    SELECT n, random() AS u, (array['1 hour', '1 day', '30 days', '30 days'])[1 + n % 4]::interval AS span
    FROM generate_series(1, 20000) AS n
), numbered AS (
    -- In waves, as things come.
    SELECT n, now() - interval '15 seconds' - span * (u * 0.96 + 0.018 * sin(6 * pi() * u)) AS created_at,
        random() AS lot, random() + random() + random() - 1.5 + 0.3 * sin(6 * pi() * u) AS bell, 1 + (random() * 5)::integer AS pick
    FROM drawn
), named AS (
    SELECT *,
        (array['acme', 'acme', 'acme', 'globex', 'initech', 'umbrella'])[pick] AS tenant,
        (array['images', 'images', 'images', 'documents', 'documents', 'video'])[pick] AS policy,
        (array['image/png', 'image/jpeg', 'image/webp', 'application/pdf',
            'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'video/mp4'])[pick] AS content_type,
        (array['screenshot', 'IMG', 'banner', 'invoice', 'Übersicht', 'clip'])[pick] || '_' || lpad((n * 7919 % 9973)::text, 4, '0')
            || (array['.png', '.jpg', '.webp', '.pdf', '.docx', '.mp4'])[pick] AS filename,
        (20000 + random() * 5000000 * (CASE pick WHEN 6 THEN 40 ELSE 1 END))::bigint AS size,
        CASE WHEN lot < 0.87 THEN 'confirmed' WHEN lot < 0.945 THEN 'rejected' WHEN lot < 0.97 THEN 'expired'
            WHEN lot < 0.985 THEN 'canceled' ELSE 'deleted' END AS status,
        round(exp(5.2 + bell) + CASE WHEN random() < 0.04 THEN 900 * random() ELSE 0 END)::integer AS waited_ms,
        encode(decode(lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0'), 'hex'), 'hex') || '7'
            || substr(md5(n::text || random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15) AS id
    FROM numbered
), uploaded AS (
    INSERT INTO uploads (id, tenant, policy, status, origin, filename, content_type, size, grant_key, write_once, created_at,
        deadline, look_at, decided_at, object_key, object_size, object_etag, detected_type, reasons)
    SELECT id::uuid, tenant, policy, status, 'v1', filename, content_type, size, policy || '/' || tenant || '/' || id, true, created_at,
        created_at + interval '1 hour', created_at + interval '1 hour',
        created_at + CASE status WHEN 'expired' THEN least(interval '1 hour', (now() - created_at) / 2) ELSE make_interval(secs => 1 + random() * 9) END,
        CASE WHEN status IN ('confirmed', 'rejected', 'deleted') THEN policy || '/' || tenant || '/' || id END,
        CASE WHEN status IN ('confirmed', 'rejected', 'deleted') THEN size END,
        CASE WHEN status IN ('confirmed', 'rejected', 'deleted') THEN '"' || md5(id) || '"' END,
        CASE WHEN status IN ('confirmed', 'deleted') THEN content_type END,
        CASE WHEN status = 'rejected' THEN jsonb_build_array((array[
            '{"code": "type_mismatch"}', '{"code": "type_mismatch"}', '{"code": "type_mismatch"}', '{"code": "size_mismatch"}',
            '{"code": "active_content"}', '{"code": "too_large"}'])[pick]::jsonb || '{"detail": "The file is not what was declared."}') END
    FROM named
    RETURNING id, tenant, status, created_at, decided_at
), told AS (
    INSERT INTO timeline (upload_id, tenant, at, status, cause, took_ms, waited_ms)
    SELECT id, tenant, created_at, 'pending', 'client', NULL, NULL FROM uploaded
    UNION ALL
    SELECT u.id, u.tenant, u.decided_at, CASE u.status WHEN 'deleted' THEN 'confirmed' ELSE u.status END,
        CASE u.status WHEN 'expired' THEN 'sweep' WHEN 'canceled' THEN 'client' ELSE 'event' END, 11,
        CASE WHEN u.status IN ('confirmed', 'rejected', 'deleted') THEN n.waited_ms END
    FROM uploaded u JOIN named n ON n.id::uuid = u.id
    UNION ALL
    SELECT id, tenant, decided_at + interval '1 second', 'deleted', 'operator', NULL, NULL FROM uploaded WHERE status = 'deleted'
)
SELECT 1;
