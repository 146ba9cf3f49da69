-- What each tenant uses, counted by the statements that change it. Filled from what is there, so nobody may write meanwhile: what a
-- process of the former version writes afterwards is not counted.

ALTER TABLE uploads
    -- What the upload counts for while it is pending: its size, or the most that it could have.
    ADD COLUMN reserved_bytes bigint;

ALTER TABLE uploads ADD CONSTRAINT uploads_reserved CHECK (reserved_bytes >= 0) NOT VALID;

-- What those without a size could have is known to their policies alone.
UPDATE uploads SET reserved_bytes = coalesce(size, 0) WHERE status = 'pending';

-- A row is written with every upload and every verdict: with room on its page it stays there, and in no index anything changes.
CREATE TABLE usage (
    tenant          text   PRIMARY KEY,
    pending_uploads bigint NOT NULL DEFAULT 0,
    reserved_bytes  bigint NOT NULL DEFAULT 0,
    stored_uploads  bigint NOT NULL DEFAULT 0,
    stored_bytes    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

INSERT INTO usage (tenant, pending_uploads, reserved_bytes, stored_uploads, stored_bytes)
SELECT tenant,
    count(*) FILTER (WHERE status = 'pending'), coalesce(sum(reserved_bytes) FILTER (WHERE status = 'pending'), 0),
    count(*) FILTER (WHERE status = 'confirmed'), coalesce(sum(object_size) FILTER (WHERE status = 'confirmed'), 0)
FROM uploads GROUP BY tenant;

-- Whoever may call has a row, so that their first upload finds one.
INSERT INTO usage (tenant) SELECT DISTINCT tenant FROM api_keys ON CONFLICT DO NOTHING;
