-- Looks at an upload's object by which a worker died: begun and never ended, since the last one that ended.
ALTER TABLE uploads ADD COLUMN looks_cut_off smallint NOT NULL DEFAULT 0;
