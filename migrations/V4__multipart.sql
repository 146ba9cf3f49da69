-- Uploads that are sent in parts, and the parts to abort. The constraints hold for what is written from now on: to look at all
-- rows that are there would lock the table, and none of them has a part.

ALTER TABLE uploads
    -- The store's own id of the multipart upload that gathers the parts.
    ADD COLUMN multipart_id      text,
    ADD COLUMN part_size         bigint,
    ADD COLUMN parts_with_sha256 boolean;

ALTER TABLE uploads
    ADD CONSTRAINT uploads_multipart CHECK (
        (multipart_id IS NULL AND part_size IS NULL AND parts_with_sha256 IS NULL)
        OR (multipart_id IS NOT NULL AND part_size > 0 AND parts_with_sha256 IS NOT NULL AND size > 0)
    ) NOT VALID;

-- Set where not an object is to be deleted but this multipart upload to be aborted.
ALTER TABLE unwanted_objects ADD COLUMN multipart_id text;
