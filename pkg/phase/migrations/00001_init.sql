-- +goose Up
-- What this room knows of selections: the frozen rulebook.
CREATE TABLE selection (
    slug      text  PRIMARY KEY,
    hash      text  NOT NULL,
    rulebook  json  NOT NULL,
    frozen_at timestamptz NOT NULL
);

-- The phases that have been opened or closed here.
CREATE TABLE phase (
    slug      text NOT NULL,
    name      text NOT NULL,
    open      boolean NOT NULL,
    closes_at timestamptz,
    PRIMARY KEY (slug, name)
);
