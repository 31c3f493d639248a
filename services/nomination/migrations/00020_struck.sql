-- +goose Up
-- What was erased has no name, unless it was a candidate that was struck.
ALTER TABLE entry
    DROP CONSTRAINT entry_name_check,
    ADD CONSTRAINT entry_name_check CHECK (CASE WHEN erased_at IS NULL OR state = 'struck' THEN name <> '' ELSE name = '' END);
DROP INDEX entry_kept;
CREATE INDEX entry_kept ON entry (slug, state) WHERE erased_at IS NULL AND state IN ('withdrawn', 'vetoed', 'lapsed', 'struck');
