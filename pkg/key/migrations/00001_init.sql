-- +goose Up
-- By what the room knows its keys again: checks tell which key it is, and do not
-- give it away. A key that signs has one for each key that it handed over to.
CREATE TABLE key_check (
    name   text        PRIMARY KEY, -- pseudonym, log, roster …: the name of its file
    checks text[]      NOT NULL CHECK (checks <> '{}'),
    since  timestamptz NOT NULL DEFAULT clock_timestamp()
);
