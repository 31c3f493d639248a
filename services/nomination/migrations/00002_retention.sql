-- +goose Up
-- When an entry was withdrawn, and when what it told of people was erased: its id
-- and state stay. For those that were withdrawn before, the time begins now.
ALTER TABLE entry
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN erased_at    timestamptz,
    DROP CONSTRAINT entry_name_check,
    ADD CONSTRAINT entry_name_check CHECK ((name = '') = (erased_at IS NOT NULL));
UPDATE entry SET withdrawn_at = now() WHERE state = 'withdrawn';
CREATE INDEX entry_kept ON entry (slug, state) WHERE erased_at IS NULL AND state IN ('withdrawn', 'vetoed', 'lapsed');

-- When a selection was over.
CREATE TABLE ended (
    slug text        PRIMARY KEY,
    at   timestamptz NOT NULL
);
