-- Which upload an Idempotency-Key stands for. Rows are written by the statement that records the upload, and leave when the
-- time is over for which a key is kept.
CREATE TABLE idempotency_keys (
    tenant      text        NOT NULL,
    key         text        NOT NULL,
    -- SHA-256 of the declaration that it came with.
    fingerprint bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    upload_id   uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, key)
);

-- A poll for keys to remove reads no more than the oldest entry when there is none.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
