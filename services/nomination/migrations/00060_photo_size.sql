-- +goose Up
-- The sizes of photos, each by the blob of the photo itself, which is the widest.
CREATE TABLE photo_size (
    photo   text        NOT NULL, -- blob, as an entry names it
    width   int         NOT NULL CHECK (width > 0), -- in pixels
    height  int         NOT NULL CHECK (height > 0),
    file    text        NOT NULL, -- blob
    made_at timestamptz NOT NULL,
    PRIMARY KEY (photo, width)
);
CREATE INDEX photo_size_file ON photo_size (file);
CREATE INDEX entry_photo ON entry (photo) WHERE photo <> '';
