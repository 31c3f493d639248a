-- +goose Up
-- The story, which jurors read.
ALTER TABLE candidate ADD deeds text NOT NULL DEFAULT '';

-- What a blind panel calls its candidates: drawn, so that neither a code nor the
-- order of codes tells the public number.
CREATE TABLE code (
    slug      text NOT NULL,
    panel     text NOT NULL,
    candidate int  NOT NULL,
    code      text NOT NULL,
    PRIMARY KEY (slug, panel, candidate),
    UNIQUE (slug, panel, code)
);
-- Of reviews that are under way. What an open panel has here is not read.
INSERT INTO code (slug, panel, candidate, code)
SELECT slug, panel, candidate, 'Z-' || CASE WHEN place < 1000 THEN lpad(place::text, 3, '0') ELSE place::text END
FROM (
    SELECT slug, panel, candidate, row_number() OVER (PARTITION BY slug, panel ORDER BY gen_random_uuid()) AS place
    FROM (SELECT DISTINCT slug, panel, candidate FROM assignment) AS assigned
) AS drawn;

-- The secret end of the seed that a blind panel's jurors are drawn from: from a
-- public seed a juror could work out which numbers are theirs.
CREATE TABLE seed_secret (
    slug   text NOT NULL,
    panel  text NOT NULL,
    secret text NOT NULL,
    PRIMARY KEY (slug, panel)
);
