-- +goose Up
-- Each juror of a blind panel has codes of their own, so that two cannot compare
-- notes about one. Codes of reviews that are under way are drawn anew;
-- what an open panel has here is not read.
DROP TABLE code;
CREATE TABLE code (
    slug      text NOT NULL,
    panel     text NOT NULL,
    account   text NOT NULL,
    candidate int  NOT NULL,
    code      text NOT NULL,
    PRIMARY KEY (slug, panel, account, candidate),
    UNIQUE (slug, panel, account, code)
);
INSERT INTO code (slug, panel, account, candidate, code)
SELECT slug, panel, account, candidate, 'Z-' || CASE WHEN place < 1000 THEN lpad(place::text, 3, '0') ELSE place::text END
FROM (
    SELECT slug, panel, account, candidate, row_number() OVER (PARTITION BY slug, panel, account ORDER BY gen_random_uuid()) AS place
    FROM assignment
) AS drawn;

-- A conflict that a juror of codes declared by public number, of a candidate on
-- their list: the sheet counts no more, and the code stays, or its absence would
-- tell whose it was.
ALTER TABLE declared_conflict ADD quiet boolean NOT NULL DEFAULT false;

-- What a juror sees as theirs to score.
CREATE VIEW shown AS
SELECT slug, panel, account, candidate FROM due
UNION
SELECT d.slug, d.panel, d.account, d.candidate
FROM declared_conflict d
JOIN candidate c ON c.slug = d.slug AND c.number = d.candidate AND NOT c.struck
WHERE d.quiet;
