-- +goose Up
-- What was erased because its time was over.
CREATE TABLE erasure (
    id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug  text        NOT NULL,
    kind  text        NOT NULL,
    count int         NOT NULL CHECK (count > 0),
    at    timestamptz NOT NULL
);
CREATE INDEX erasure_slug ON erasure (slug, id);
