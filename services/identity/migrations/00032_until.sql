-- +goose Up
-- A role may end by itself: whoever stands in for somebody has it until then.
ALTER TABLE account_grant ADD COLUMN until timestamptz; -- NULL: it does not
