-- +goose Up
-- A rulebook at work, which no other room hears of. The version is the rule by
-- which the second who saves learns of the first.
CREATE TABLE draft (
    id         uuid        PRIMARY KEY,
    version    int         NOT NULL CHECK (version > 0),
    slug       text        NOT NULL, -- of the selection that it is to become; perhaps none yet
    rulebook   bytea       NOT NULL, -- text as it is written
    saved_by   text        NOT NULL,
    saved_at   timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
