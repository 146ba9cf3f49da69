-- Uploads that a plain HTML form sends, and where the store leads the browser then. A form can be sent again, so what it
-- sent is copied when it is confirmed.
ALTER TABLE uploads
    ADD COLUMN form boolean NOT NULL DEFAULT false,
    ADD COLUMN redirect_to text,
    ADD CHECK (NOT (form AND write_once)),
    ADD CHECK (NOT (form AND multipart_id IS NOT NULL)),
    ADD CHECK (form OR redirect_to IS NULL);
