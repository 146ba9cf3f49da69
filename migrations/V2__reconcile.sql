-- Comparing the bucket with the uploads, and reports of what was found.

-- Where the round through a bucket stands. One row a bucket: another bucket begins anew, with nothing known about it.
CREATE TABLE reconcile (
    bucket      text        PRIMARY KEY,
    -- Counts the claims: what is recorded for an earlier one changes nothing.
    step        bigint      NOT NULL DEFAULT 0,
    -- The key behind which the next page begins; none at the beginning of a round. A foreign key may hold NUL, which text
    -- can't.
    cursor      bytea,
    -- When the next page may be claimed. A claim puts it off by its lease.
    due_at      timestamptz NOT NULL,
    -- Whether, in the last round, most objects had an upload. Until then none is deleted for having none.
    trusted     boolean     NOT NULL DEFAULT false,
    started_at  timestamptz NOT NULL DEFAULT now(),
    counts      jsonb       NOT NULL DEFAULT '{}',
    -- The first of the confirmed uploads whose object was not found.
    vanished    uuid[]      NOT NULL DEFAULT '{}'
);

-- What a worker did by itself: one row a round through the bucket, and one an hour in which sweeps changed something.
CREATE TABLE reports (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('reconcile', 'sweep')),
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz NOT NULL DEFAULT now(),
    counts      jsonb       NOT NULL,
    -- The uploads that somebody should look at.
    uploads     uuid[]      NOT NULL DEFAULT '{}'
);

CREATE INDEX reports_by_time ON reports (kind, started_at DESC);
CREATE UNIQUE INDEX reports_of_sweeps ON reports (started_at) WHERE kind = 'sweep';

-- The confirmed uploads in the order in which a bucket lists their objects: by bytes.
CREATE INDEX uploads_confirmed_by_key ON uploads (object_key COLLATE "C") WHERE status = 'confirmed';
