-- +goose Up
-- Letters with codes are counted by selection: what one sends to an address is
-- nothing to another, and its organizers do not learn of it.
ALTER TABLE mail ADD COLUMN slug text NOT NULL DEFAULT ''; -- of a letter with a code
