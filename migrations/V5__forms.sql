-- Uploads that a plain HTML form sends, and where the store leads the browser then. A form can be sent again, so what it
-- sent is copied when it is confirmed. The constraints hold for what is written from now on: to look at all rows that are there
-- would lock the table, and none of them has a form.

ALTER TABLE uploads
    ADD COLUMN form boolean NOT NULL DEFAULT false,
    ADD COLUMN redirect_to text;

ALTER TABLE uploads
    ADD CONSTRAINT uploads_form CHECK (
        CASE WHEN form THEN NOT write_once AND multipart_id IS NULL ELSE redirect_to IS NULL END
    ) NOT VALID;
