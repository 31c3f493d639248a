-- +goose Up
-- The selection that a letter is about, which is known also after it was sent.
ALTER TABLE mail ADD COLUMN slug text; -- NULL: of none
UPDATE mail SET slug = said ->> 'slug' WHERE said ->> 'slug' <> '';
CREATE INDEX mail_slug ON mail (slug, address, created_at) WHERE slug IS NOT NULL;
