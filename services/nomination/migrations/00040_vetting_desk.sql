-- +goose Up
-- Who gave an opinion: vetters find their own reasons again.
ALTER TABLE opinion ADD COLUMN account text NOT NULL DEFAULT '';

-- When a department took its word back that had made an entry a candidate. The
-- number stays taken: other rooms have heard of it. The entry may get another.
ALTER TABLE candidate
    ADD COLUMN recalled_at timestamptz,
    DROP CONSTRAINT candidate_entry_key;
CREATE UNIQUE INDEX candidate_entry ON candidate (entry) WHERE recalled_at IS NULL;
