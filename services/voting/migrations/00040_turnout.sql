-- +goose Up
-- How many ballots came from voters of the roster, once the vote is over; null: it
-- is not known.
ALTER TABLE voting ADD COLUMN roster_ballots bigint;
