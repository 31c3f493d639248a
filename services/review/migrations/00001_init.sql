-- +goose Up
-- Projections of other rooms' events.
CREATE TABLE candidate (
    slug       text    NOT NULL,
    number     int     NOT NULL,
    name       text    NOT NULL,
    category   text    NOT NULL,
    attributes json    NOT NULL,
    struck     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slug, number)
);
CREATE TABLE tally (
    slug    text   PRIMARY KEY,
    ballots bigint NOT NULL,
    votes   json   NOT NULL -- {"<number>": votes}
);

-- A juror's seat numbers from 1; exports name J1, J2 … instead of people.
CREATE TABLE juror (
    slug    text NOT NULL,
    panel   text NOT NULL,
    account text NOT NULL,
    name    text NOT NULL,
    seat    int  NOT NULL,
    PRIMARY KEY (slug, panel, account),
    UNIQUE (slug, panel, seat)
);

-- A candidate that a juror does not score.
CREATE TABLE recusal (
    slug      text        NOT NULL,
    panel     text        NOT NULL,
    account   text        NOT NULL,
    candidate int         NOT NULL,
    reason    text        NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (slug, panel, account, candidate)
);

-- Every revision of every sheet; the last one counts.
CREATE TABLE sheet (
    slug      text        NOT NULL,
    panel     text        NOT NULL,
    account   text        NOT NULL,
    candidate int         NOT NULL,
    revision  int         NOT NULL,
    scores    json        NOT NULL, -- {"<criterion>": "<decimal>"}
    comment   text        NOT NULL,
    submitted boolean     NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (slug, panel, account, candidate, revision)
);

-- Every result that was computed; the last one is in force.
CREATE TABLE result (
    slug        text        NOT NULL,
    seq         int         NOT NULL,
    hash        text        NOT NULL, -- of the blob
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (slug, seq)
);

CREATE TABLE member (
    slug    text NOT NULL,
    account text NOT NULL,
    name    text NOT NULL,
    PRIMARY KEY (slug, account)
);

-- One motion at a time is open; an approved one is the last.
CREATE TABLE motion (
    slug      text        NOT NULL,
    seq       int         NOT NULL,
    text      text        NOT NULL,
    result    text        NOT NULL, -- hash of the result that is put to the vote
    outcome   text        NOT NULL CHECK (outcome IN ('moved', 'approved', 'rejected')),
    members   int         NOT NULL,
    votes_for int         NOT NULL DEFAULT 0,
    against   int         NOT NULL DEFAULT 0,
    abstained int         NOT NULL DEFAULT 0,
    moved_at  timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (slug, seq)
);
CREATE UNIQUE INDEX motion_in_force ON motion (slug) WHERE outcome IN ('moved', 'approved');

-- Who has voted; the choice only where the rulebook's ballot is open.
CREATE TABLE motion_vote (
    slug    text NOT NULL,
    seq     int  NOT NULL,
    account text NOT NULL,
    choice  text,
    PRIMARY KEY (slug, seq, account)
);

CREATE VIEW last_sheet AS
SELECT DISTINCT ON (slug, panel, account, candidate)
       slug, panel, account, candidate, revision, scores, comment, submitted, at
FROM sheet ORDER BY slug, panel, account, candidate, revision DESC;

-- Who scores whom: everyone all that are not struck, but for recusals.
CREATE VIEW assignment AS
SELECT j.slug, j.panel, j.account, c.number AS candidate
FROM juror j JOIN candidate c ON c.slug = j.slug AND NOT c.struck
WHERE NOT EXISTS (
    SELECT FROM recusal r
    WHERE r.slug = j.slug AND r.panel = j.panel AND r.account = j.account AND r.candidate = c.number);

-- From the notice on nothing here changes any more.
CREATE TABLE notice (
    slug         text PRIMARY KEY,
    posted_at    timestamptz NOT NULL,
    published_at timestamptz
);
