-- +goose Up
-- Codes of a roster's members that have been replaced: what was issued for an
-- earlier generation votes no more. A voter is here by a hash from which no
-- pseudonym can be made, so that no row leads to a ballot.
CREATE TABLE replaced_code (
    slug       text NOT NULL,
    voter      text NOT NULL CHECK (length(voter) = 32),
    generation int  NOT NULL CHECK (generation > 0), -- of the code that is good
    PRIMARY KEY (slug, voter)
);

-- Replacements count in roll, the version of what ballots are judged by. Here
-- they are by themselves, so that the public version of the tally does not move
-- with them.
ALTER TABLE voting ADD COLUMN replaced int NOT NULL DEFAULT 0;
