-- +goose Up
-- How a motion fills the seats, where the search about quotas ended undecided:
-- [{"candidate", "award"}]; null where it puts the computed result. It is overtaken
-- where the votes were for it and the search has decided meanwhile.
ALTER TABLE motion ADD seats jsonb;
ALTER TABLE motion DROP CONSTRAINT motion_outcome_check;
ALTER TABLE motion ADD CHECK (outcome IN ('moved', 'approved', 'rejected', 'overtaken'));
