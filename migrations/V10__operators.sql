-- What operators see without anything being counted, and who they are.

-- Every statement that changes an upload locks uploads first and the timeline then. Below it would be the other way round, so that
-- one would wait for the other for ever: both are taken at once, in the statements' order.
LOCK TABLE uploads, timeline IN ACCESS EXCLUSIVE MODE;

-- The lock on the timeline holds up whoever writes to the timeline until all below is done: so each change is either among the
-- uploads that are counted here, or behind the place where counting goes on.
ALTER TABLE timeline
    -- How long the change came after the event that led to it.
    ADD COLUMN waited_ms integer,
    -- What an operator asked for, on a line that is no change of the status.
    ADD COLUMN asked     text;

-- Reading all tenants' changes in one order.
CREATE INDEX timeline_by_transaction ON timeline (xid, id) WHERE xid IS NOT NULL;

-- Uploads in some status, of all tenants or of one, newest first, however rare it is. All columns have one direction, so that a
-- range of rows can be read from its end.
CREATE INDEX uploads_by_status ON uploads (status, id);
DROP INDEX uploads_by_tenant, uploads_by_tenant_and_status;
CREATE INDEX uploads_by_tenant ON uploads (tenant, id);
CREATE INDEX uploads_by_tenant_and_status ON uploads (tenant, status, id);

-- How many uploads there are. The tenant '' stands for all of them together.
CREATE TABLE totals (
    tenant      text        NOT NULL,
    status      text        NOT NULL,
    uploads     bigint      NOT NULL,
    PRIMARY KEY (tenant, status)
);

INSERT INTO totals (tenant, status, uploads)
SELECT coalesce(tenant, ''), status, count(*) FROM uploads GROUP BY GROUPING SETS ((tenant, status), (status));

-- What happened in a stretch of time: changes to a status, rejections for a reason, waits of a length. Each is counted for its
-- tenant and for the tenant '', and in stretches of several lengths, so that a view reads about as many rows whatever it shows.
CREATE TABLE activity (
    seconds     integer     NOT NULL,
    tenant      text        NOT NULL,
    at          timestamptz NOT NULL,
    policy      text        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('status', 'reason', 'wait')),
    name        text        NOT NULL,
    count       bigint      NOT NULL,
    PRIMARY KEY (seconds, tenant, at, policy, kind, name)
);

CREATE INDEX activity_by_age ON activity (seconds, at);

-- Up to where the timeline is counted. One row: whoever locks it counts the next stretch.
CREATE TABLE counting (
    is_only     boolean     PRIMARY KEY DEFAULT true CHECK (is_only),
    xid         xid8        NOT NULL,
    id          bigint      NOT NULL,
    -- All that was written before is counted.
    until       timestamptz NOT NULL DEFAULT now()
);

INSERT INTO counting (xid, id) VALUES (pg_current_xact_id(), 0);

-- The workers, as each said of itself last.
CREATE TABLE workers (
    id             uuid        PRIMARY KEY,
    host           text        NOT NULL,
    version        text        NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT now(),
    seen_at        timestamptz NOT NULL DEFAULT now(),
    -- Whether it takes events from a queue, and when that last answered.
    has_queue      boolean     NOT NULL,
    polled_at      timestamptz,
    in_hand        integer     NOT NULL,
    in_hand_most   integer     NOT NULL,
    -- Why it takes nothing, if it takes nothing.
    breaker        text        NOT NULL CHECK (breaker IN ('closed', 'in_doubt', 'open')),
    breaker_why    text,
    -- What it last heard of the queue.
    queue_waiting  bigint,
    queue_in_hand  bigint,
    queue_at       timestamptz,
    -- How long the oldest message had waited that it took since it was seen before.
    oldest_ms      bigint
);

CREATE INDEX workers_by_age ON workers (seen_at);

-- An operator's key that is not bound to its tenant.
ALTER TABLE api_keys ADD COLUMN all_tenants boolean NOT NULL DEFAULT false;

-- Browsers that an API key was exchanged for.
CREATE TABLE operator_sessions (
    -- SHA-256 of the 256 random bits in the cookie.
    hash        bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    key_id      uuid        NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);

-- The upload that a dead event speaks of, where that can be told.
ALTER TABLE dead_events ADD COLUMN upload_id uuid;
CREATE INDEX dead_events_by_upload ON dead_events (upload_id) WHERE upload_id IS NOT NULL;
