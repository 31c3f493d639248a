-- +goose Up
-- Who of the committee has had the meeting open: since when, and when last.
CREATE TABLE attendance (
    slug    text        NOT NULL,
    account text        NOT NULL,
    came_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (slug, account)
);

-- Who put a motion and who closed its vote, by name, for the minutes.
ALTER TABLE motion
    ADD moved_by  text NOT NULL DEFAULT '',
    ADD closed_by text NOT NULL DEFAULT '';
