-- Uploads, their timeline, the objects to delete, and the keys of those who may call.

CREATE TABLE api_keys (
    id          uuid        PRIMARY KEY,
    -- SHA-256 of the key. Keys are 256 random bits, so a fast hash is enough and the look-up is by equality of hashes.
    hash        bytea       NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    tenant      text        NOT NULL,
    name        text        NOT NULL,
    scopes      text[]      NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    revoked_at  timestamptz
);

CREATE TABLE uploads (
    -- A UUIDv7: new rows land together in every index.
    id                uuid        PRIMARY KEY,
    tenant            text        NOT NULL,
    policy            text        NOT NULL,
    status            text        NOT NULL DEFAULT 'pending'
                      CHECK (status IN ('pending', 'confirmed', 'rejected', 'expired', 'canceled', 'deleted')),
    origin            text        NOT NULL CHECK (origin IN ('v1', 'files')),

    -- What the client promised.
    filename          text        NOT NULL,
    content_type      text        NOT NULL,
    size              bigint      CHECK (size >= 0),
    sha256            bytea       CHECK (octet_length(sha256) = 32),
    metadata          jsonb,

    -- Where its grant writes, and whether the grant can do so only once.
    grant_key         text        NOT NULL,
    write_once        boolean     NOT NULL,

    created_at        timestamptz NOT NULL DEFAULT now(),
    deadline          timestamptz NOT NULL,
    -- When a worker next looks by itself whether the object came, be its event lost or its deadline passed.
    look_at           timestamptz NOT NULL,

    -- What was seen, once there is a verdict.
    decided_at        timestamptz,
    object_key        text,
    object_size       bigint      CHECK (object_size >= 0),
    object_etag       text,
    object_version_id text,
    detected_type     text,
    reasons           jsonb,

    CHECK (deadline > created_at),
    CHECK ((status = 'pending') = (decided_at IS NULL)),
    CHECK ((status IN ('confirmed', 'rejected', 'deleted')) = (object_key IS NOT NULL)),
    CHECK ((object_key IS NULL) = (object_size IS NULL)),
    CHECK ((object_key IS NULL) = (object_etag IS NULL)),
    CHECK (object_key IS NOT NULL OR (object_version_id IS NULL AND detected_type IS NULL)),
    CHECK ((status = 'rejected') = (reasons IS NOT NULL))
);

CREATE INDEX uploads_by_tenant ON uploads (tenant, id DESC);
CREATE INDEX uploads_by_tenant_and_status ON uploads (tenant, status, id DESC);
-- The only index that a poll for due uploads reads: as large as what is pending, whatever lies behind.
CREATE INDEX uploads_due ON uploads (look_at) WHERE status = 'pending';

-- How each upload came to its status: one line a change, and one for whatever else an operator should know.
CREATE TABLE timeline (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id   uuid        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    status      text        NOT NULL,
    -- Why: client, event, hint or sweep; and which one (a message's id, an API key's id).
    cause       text        NOT NULL,
    cause_id    text,
    -- How long the look and the decision took.
    took_ms     integer
);

CREATE INDEX timeline_by_upload ON timeline (upload_id, id);

-- Objects that no upload wants any more. Rows are written by the statement that makes them unwanted, and leave when the
-- store has deleted the object.
CREATE TABLE unwanted_objects (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_key  text        NOT NULL,
    -- Only this version, where the bucket keeps versions.
    version_id  text,
    upload_id   uuid,
    attempts    integer     NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX unwanted_objects_due ON unwanted_objects (due_at);

-- Messages that could not be understood, or that speak of nothing we know: kept here for an operator, then deleted from
-- the queue.
CREATE TABLE dead_events (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id  text        NOT NULL UNIQUE,
    -- Not jsonb: whatever came is kept, and a NUL written as an escape is no jsonb.
    body        text        NOT NULL,
    reason      text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);
