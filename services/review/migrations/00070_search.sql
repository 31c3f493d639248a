-- +goose Up
-- How far the search about quotas has come, of inputs that no result could be
-- computed from at once. A search goes on from its checkpoint.
CREATE TABLE search (
    slug       text   PRIMARY KEY,
    inputs     text   NOT NULL, -- SHA-256, hex
    decided    bool   NOT NULL,
    work       bigint NOT NULL,
    budget     bigint NOT NULL,
    checkpoint bytea  NOT NULL  -- JSON, compressed
);
