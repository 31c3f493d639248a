-- +goose Up
-- Of a secret ballot that is open the counts are here, encrypted; the columns of
-- counts stay at 0 until its close.
ALTER TABLE motion ADD sealed bytea;
