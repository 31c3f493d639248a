-- +goose Up
-- Files on their way to become entries.
CREATE TABLE import (
    id             uuid        PRIMARY KEY,
    slug           text        NOT NULL,
    name           text        NOT NULL, -- of the file
    file           text        NOT NULL, -- blob; '' once the import is over
    recommended_by text        NOT NULL,
    sheets         jsonb       NOT NULL,
    sheet          text        NOT NULL,
    header         int         NOT NULL,
    columns        jsonb       NOT NULL, -- of nomination.Column
    checked        jsonb,                -- nomination.ImportCheck of these columns; NULL: not checked
    job            uuid,                 -- that takes the rows
    run_by         jsonb,                -- the actor who had it take them
    entries        int         NOT NULL DEFAULT 0,
    created_by     text        NOT NULL, -- account name
    created_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    CHECK (ended_at IS NULL OR file = '')
);
CREATE INDEX import_slug ON import (slug, created_at);
CREATE INDEX import_file ON import (file) WHERE file <> '';

-- What a heading means in the files of a recommending body, as an organizer last
-- said it.
CREATE TABLE mapping (
    slug           text NOT NULL,
    recommended_by text NOT NULL, -- by Key of pkg/norm
    heading        text NOT NULL, -- as headings are compared
    use            text NOT NULL,
    PRIMARY KEY (slug, recommended_by, heading)
);
