-- +goose Up
-- Photos that came many at once, on their way to their entries.
CREATE TABLE picture (
    id         uuid        PRIMARY KEY, -- version 7: in order of coming
    slug       text        NOT NULL,
    name       text        NOT NULL, -- of the file, with its folders in a ZIP
    file       text        NOT NULL, -- blob: as it came, or the ZIP, while it waits; then the JPEG that was made; '' is none
    member     int         NOT NULL, -- of the ZIP, from 0; -1: the file is the picture
    by         text        NOT NULL, -- what its name is compared with
    state      text        NOT NULL CHECK (state IN ('waiting', 'placed', 'unplaced', 'refused', 'dropped')),
    entry      uuid        REFERENCES entry (id),
    why        jsonb,                -- fault.Field: why it is refused or not placed
    warnings   jsonb       NOT NULL DEFAULT '[]',
    actor      jsonb       NOT NULL, -- who sent it
    created_at timestamptz NOT NULL,
    CHECK ((state = 'placed') = (entry IS NOT NULL))
);
CREATE INDEX picture_waiting ON picture (slug, id) WHERE state = 'waiting';
CREATE INDEX picture_slug ON picture (slug, state, id);
CREATE INDEX picture_file ON picture (file) WHERE file <> '';
