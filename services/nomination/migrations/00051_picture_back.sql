-- +goose Up
-- A picture that was placed or put away by hand can be taken back: it keeps its
-- body, and before is the photo that its entry had ('': none).
ALTER TABLE picture ADD COLUMN before text NOT NULL DEFAULT '';
CREATE INDEX picture_before ON picture (before) WHERE before <> '';
