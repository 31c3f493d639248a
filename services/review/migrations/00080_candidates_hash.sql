-- +goose Up
-- Of the candidates that a result was computed from; empty of results from before.
ALTER TABLE result ADD COLUMN candidates_hash text NOT NULL DEFAULT '';
