-- API keys say when they were last used, and which key follows them.

ALTER TABLE api_keys
    -- To a minute or two: no request waits for it to be written.
    ADD COLUMN last_used_at timestamptz,
    -- The key that was made to replace this one, which works on until it expires.
    ADD COLUMN successor_id uuid REFERENCES api_keys (id),
    ADD CHECK (successor_id IS NULL OR expires_at IS NOT NULL);
