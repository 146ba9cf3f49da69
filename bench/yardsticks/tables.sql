-- The tables that the yardsticks write to. They stay as they are, whatever becomes of Sluice's own: a yardstick must not change.

-- What a plain application would keep of an upload.
CREATE TABLE yardstick_uploads (
    id            uuid        PRIMARY KEY,
    tenant        text        NOT NULL,
    policy        text        NOT NULL,
    status        text        NOT NULL DEFAULT 'pending',
    origin        text        NOT NULL,
    filename      text        NOT NULL,
    content_type  text        NOT NULL,
    size          bigint      NOT NULL,
    grant_key     text        NOT NULL,
    write_once    boolean     NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    deadline      timestamptz NOT NULL,
    look_at       timestamptz NOT NULL
);

CREATE INDEX yardstick_uploads_by_tenant ON yardstick_uploads (tenant, id);
CREATE INDEX yardstick_uploads_due ON yardstick_uploads (look_at) WHERE status = 'pending';

-- What the other workers settle.
CREATE TABLE yardstick_settle (
    key           text        PRIMARY KEY,
    status        text        NOT NULL DEFAULT 'pending',
    decided_at    timestamptz
);
