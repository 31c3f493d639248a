-- +goose Up
-- When a roster was first imported, and when its selection was over. For rosters
-- from before the time begins now.
ALTER TABLE roster
    ADD COLUMN imported_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN ended_at    timestamptz;
