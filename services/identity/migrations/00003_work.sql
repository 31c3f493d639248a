-- +goose Up
-- Challenges that were solved for a credential: each is taken once. What has
-- expired is refused without looking here, and is removed after a while.
CREATE TABLE work (
    signature  bytea       PRIMARY KEY CHECK (length(signature) = 32),
    expires_at timestamptz NOT NULL
);
CREATE INDEX work_expires_at ON work (expires_at);
