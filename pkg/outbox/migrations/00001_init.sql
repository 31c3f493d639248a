-- +goose Up
CREATE TABLE outbox (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        uuid        NOT NULL UNIQUE,
    name      text        NOT NULL,
    v         int         NOT NULL,
    slug      text        NOT NULL,
    aggregate text        NOT NULL,
    version   bigint      NOT NULL,
    at        timestamptz NOT NULL,
    request   text        NOT NULL,
    data      json        NOT NULL,
    sent_at   timestamptz,
    UNIQUE (slug, aggregate, version)
);
CREATE INDEX outbox_unsent ON outbox (seq) WHERE sent_at IS NULL;

-- The version that the last event of an aggregate had; its row is the lock.
CREATE TABLE aggregate (
    slug    text   NOT NULL,
    name    text   NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (slug, name)
);

-- The stream that sent_at speaks of; another creation time means it was lost.
CREATE TABLE outbox_stream (
    single  boolean     PRIMARY KEY DEFAULT true CHECK (single),
    created timestamptz NOT NULL
);

-- Each event that had its effect here.
CREATE TABLE inbox (
    id        uuid        PRIMARY KEY,
    publisher text        NOT NULL,
    name      text        NOT NULL,
    slug      text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX inbox_slug ON inbox (slug, publisher, name);

-- How far the projection of another room's aggregate has come.
CREATE TABLE projection (
    publisher text   NOT NULL,
    slug      text   NOT NULL,
    aggregate text   NOT NULL,
    version   bigint NOT NULL,
    PRIMARY KEY (publisher, slug, aggregate)
);
