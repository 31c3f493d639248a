-- +goose Up
-- Corrections: what an entry says now is in entry, what it said before in
-- entry_version. version_by and version_reason tell who made the present version
-- and why; author is the SHA-256 of the key of who handed it in, if that was not
-- staff.
ALTER TABLE entry
    ADD COLUMN version        int  NOT NULL DEFAULT 1 CHECK (version > 0),
    ADD COLUMN version_at     timestamptz,
    ADD COLUMN version_by     text NOT NULL DEFAULT '',
    ADD COLUMN version_reason text NOT NULL DEFAULT '',
    ADD COLUMN author         bytea;

CREATE TABLE entry_version (
    entry      uuid        NOT NULL REFERENCES entry (id),
    number     int         NOT NULL CHECK (number > 0),
    nominee    jsonb       NOT NULL, -- nomination.Nominee
    made_by    text        NOT NULL,
    made_at    timestamptz NOT NULL,
    reason     text        NOT NULL,
    taken_back jsonb       NOT NULL, -- of nomination.Opinion: those that ended with it
    PRIMARY KEY (entry, number)
);
CREATE INDEX entry_version_photo ON entry_version ((nominee ->> 'photo')) WHERE nominee ? 'photo';

-- The version that a department read.
ALTER TABLE opinion ADD COLUMN version int NOT NULL DEFAULT 1;
