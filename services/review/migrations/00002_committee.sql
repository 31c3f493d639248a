-- +goose Up
-- Where a juror works and which category is theirs; whether they were called in
-- for single candidates only; and when they left the panel.
ALTER TABLE juror
    ADD employer text NOT NULL DEFAULT '',
    ADD category text NOT NULL DEFAULT '',
    ADD further  boolean NOT NULL DEFAULT false,
    ADD left_at  timestamptz;

ALTER TABLE sheet
    ADD comments  json    NOT NULL DEFAULT '{}', -- {"<criterion>": "<text>"}
    ADD abstained boolean NOT NULL DEFAULT false;

CREATE OR REPLACE VIEW last_sheet AS
SELECT DISTINCT ON (slug, panel, account, candidate)
       slug, panel, account, candidate, revision, scores, comment, submitted, at, comments, abstained
FROM sheet ORDER BY slug, panel, account, candidate, revision DESC;

-- Who scores whom, fixed when review opens. Until now it was everyone all.
DROP VIEW assignment;
CREATE TABLE assignment (
    slug      text    NOT NULL,
    panel     text    NOT NULL,
    account   text    NOT NULL,
    candidate int     NOT NULL,
    further   boolean NOT NULL DEFAULT false, -- a further juror's, called in because of the spread
    PRIMARY KEY (slug, panel, account, candidate)
);
INSERT INTO assignment (slug, panel, account, candidate)
SELECT j.slug, j.panel, j.account, c.number
FROM juror j
JOIN candidate c ON c.slug = j.slug
JOIN phase p ON p.slug = j.slug AND p.name = 'review';

-- An organizer's word on a conflict; it overrules what was declared or found.
CREATE TABLE pin (
    slug       text        NOT NULL,
    panel      text        NOT NULL,
    account    text        NOT NULL,
    candidate  int         NOT NULL,
    conflicted boolean     NOT NULL,
    reason     text        NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (slug, panel, account, candidate)
);
INSERT INTO pin (slug, panel, account, candidate, conflicted, reason, at)
SELECT slug, panel, account, candidate, true, reason, at FROM recusal;
DROP TABLE recusal;

CREATE TABLE declared_conflict (
    slug      text        NOT NULL,
    panel     text        NOT NULL,
    account   text        NOT NULL,
    candidate int         NOT NULL,
    reason    text        NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (slug, panel, account, candidate)
);

-- A name without what does not tell names apart: width, case, spaces.
CREATE FUNCTION plain(name text) RETURNS text IMMUTABLE LANGUAGE sql
AS $$ SELECT lower(regexp_replace(normalize(name, NFKC), '\s', '', 'g')) $$;

-- Conflicts as declared by jurors, stated by entries, and found by rule.
CREATE VIEW conflict AS
SELECT slug, panel, account, candidate, 'declared' AS source, reason AS detail
FROM declared_conflict
UNION ALL
SELECT j.slug, j.panel, j.account, c.number, 'entry', trim(named)
FROM juror j
JOIN candidate c ON c.slug = j.slug
CROSS JOIN LATERAL regexp_split_to_table(c.attributes->>'conflicts', '[,;、，；\n]') AS named
WHERE plain(named) <> '' AND plain(named) IN (plain(j.name), plain(j.employer))
UNION ALL
SELECT j.slug, j.panel, j.account, c.number, 'employer', j.employer
FROM juror j JOIN candidate c ON c.slug = j.slug
WHERE plain(j.employer) <> '' AND plain(j.employer) = plain(c.attributes->>'employer')
UNION ALL
SELECT j.slug, j.panel, j.account, c.number, 'recommended_by', j.employer
FROM juror j JOIN candidate c ON c.slug = j.slug
WHERE plain(j.employer) <> '' AND plain(j.employer) = plain(c.attributes->>'recommended_by');

-- Candidates that a juror neither scores nor sees.
CREATE VIEW recusal AS
SELECT c.slug, c.panel, c.account, c.candidate
FROM conflict c
WHERE NOT EXISTS (
    SELECT FROM pin p
    WHERE p.slug = c.slug AND p.panel = c.panel AND p.account = c.account AND p.candidate = c.candidate AND NOT p.conflicted)
UNION
SELECT slug, panel, account, candidate FROM pin WHERE conflicted;

-- What a juror is to score.
CREATE VIEW due AS
SELECT a.slug, a.panel, a.account, a.candidate, a.further
FROM assignment a
JOIN candidate c ON c.slug = a.slug AND c.number = a.candidate AND NOT c.struck
WHERE NOT EXISTS (
    SELECT FROM recusal r
    WHERE r.slug = a.slug AND r.panel = a.panel AND r.account = a.account AND r.candidate = a.candidate);

-- A submitted sheet that was sent back; open until there is a later revision.
CREATE TABLE second_look (
    slug      text        NOT NULL,
    panel     text        NOT NULL,
    account   text        NOT NULL,
    candidate int         NOT NULL,
    revision  int         NOT NULL,
    reason    text        NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (slug, panel, account, candidate, revision)
);

-- The values that lots are drawn from, as read; the last one is in force.
CREATE TABLE lot (
    slug   text        NOT NULL,
    seq    int         NOT NULL,
    value  text        NOT NULL,
    reason text        NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (slug, seq)
);
