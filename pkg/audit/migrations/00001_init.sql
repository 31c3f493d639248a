-- +goose Up
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    slug    text        NOT NULL,
    kind    text        NOT NULL,
    actor   text        NOT NULL,
    name    text        NOT NULL,
    act     text        NOT NULL,
    reason  text        NOT NULL,
    detail  json        NOT NULL,
    request text        NOT NULL
);
CREATE INDEX audit_slug ON audit (slug, id);
