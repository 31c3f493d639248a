-- +goose Up
-- The link by which the first organizer comes to be. There is one at a time: a
-- new one takes the place of the one before.
CREATE TABLE setup_link (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    hash       bytea       NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the token
    expires_at timestamptz NOT NULL
);
