-- +goose Up
-- How selections word letters. Versions count in a selection, and none is ever
-- changed: a letter that was made with one keeps it.
CREATE TABLE wording (
    slug     text        NOT NULL,
    version  int         NOT NULL CHECK (version > 0),
    kind     text        NOT NULL CHECK (kind IN ('invitation', 'role_given', 'code')),
    subject  text,
    zh       text,
    en       text,
    saved_by text        NOT NULL, -- name
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (slug, version),
    CHECK (num_nulls(subject, zh, en) IN (0, 3)) -- all NULL: the standard text again
);
CREATE INDEX wording_kind ON wording (slug, kind, version);
