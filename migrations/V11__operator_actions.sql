-- Who did what by hand, and since when nobody takes what waits in the queue.

-- Written before anything is done, so that nothing is done that is not here.
CREATE TABLE operator_actions (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at    timestamptz NOT NULL DEFAULT now(),
    -- Without it nobody knows how it ended, or it goes on.
    ended_at    timestamptz,
    -- The API key behind it, and the only tenant that this key reached.
    key_id      uuid        NOT NULL,
    tenant      text,
    action      text        NOT NULL,
    -- With what: one thing by its id, or all uploads that fit a filter.
    subject     text,
    filter      jsonb,
    -- With how many it was done and with how many not, and why not.
    done        bigint,
    not_done    bigint,
    why_not     text,
    CHECK (num_nulls(ended_at, done, not_done) IN (0, 3))
);

CREATE INDEX operator_actions_by_tenant ON operator_actions (tenant, id);
CREATE INDEX operator_actions_by_age ON operator_actions (began_at);

ALTER TABLE workers
    -- When it last took a message.
    ADD COLUMN taken_at      timestamptz,
    -- Since when it has heard that messages wait, each time that it asked.
    ADD COLUMN waiting_since timestamptz;
