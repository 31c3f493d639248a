-- +goose Up
CREATE TABLE selection (
    slug          text        PRIMARY KEY CHECK (slug ~ '^[a-z0-9-]{3,64}$'),
    title         json        NOT NULL, -- by language
    edition       int         NOT NULL,
    timezone      text        NOT NULL,
    given         bytea       NOT NULL, -- the rulebook's text as it was handed in
    rulebook      json        NOT NULL, -- canonical; json keeps its text, which the hash is of
    rulebook_hash text        NOT NULL,
    created_at    timestamptz NOT NULL,
    frozen_at     timestamptz
);

-- The clock times of each phase; without them it is changed by hand.
CREATE TABLE phase (
    slug      text     NOT NULL REFERENCES selection (slug),
    name      text     NOT NULL,
    position  smallint NOT NULL, -- from 0, in the order of a selection's life
    opens_at  timestamptz,
    closes_at timestamptz,
    PRIMARY KEY (slug, name),
    UNIQUE (slug, position)
);

-- A phase opens once and closes once: the primary key is the rule.
CREATE TABLE phase_change (
    slug       text        NOT NULL,
    phase      text        NOT NULL,
    action     text        NOT NULL CHECK (action IN ('open', 'close')),
    version    bigint      NOT NULL, -- of the phase_changed, which phase_applied names
    ordered_at timestamptz NOT NULL,
    waiting    text[]      NOT NULL, -- services that have not answered; none: the change counts
    candidates int,                  -- vetting closed: how many nomination has admitted
    PRIMARY KEY (slug, phase, action),
    UNIQUE (slug, version),
    FOREIGN KEY (slug, phase) REFERENCES phase (slug, name)
);

-- What other rooms tell. Their events may come in any order, so these tables
-- do not refer to each other.
CREATE TABLE candidate (
    slug        text        NOT NULL,
    number      int         NOT NULL,
    entry_id    text        NOT NULL,
    name        text        NOT NULL,
    category    text        NOT NULL,
    attributes  json        NOT NULL,
    admitted_at timestamptz NOT NULL,
    struck_at   timestamptz,
    reason      text        NOT NULL DEFAULT '', -- of striking
    PRIMARY KEY (slug, number)
);

CREATE TABLE turnout (
    slug    text   PRIMARY KEY,
    counted bigint NOT NULL, -- ballots so far
    sealed  bigint           -- ballots in all, once voting is sealed
);

CREATE TABLE result (
    slug          text        NOT NULL,
    result_hash   text        NOT NULL,
    rulebook_hash text        NOT NULL,
    votes_hash    text        NOT NULL,
    scores_hash   text        NOT NULL,
    computed_at   timestamptz NOT NULL,
    PRIMARY KEY (slug, result_hash)
);

-- The committee's last word.
CREATE TABLE decision (
    slug          text        PRIMARY KEY,
    result_hash   text        NOT NULL,
    approved      boolean     NOT NULL,
    members       int         NOT NULL,
    votes_for     int         NOT NULL,
    votes_against int         NOT NULL,
    abstained     int         NOT NULL,
    made_at       timestamptz NOT NULL
);

-- The notice of a decision; its end is closes_at of the phase.
CREATE TABLE notice (
    slug        text        PRIMARY KEY REFERENCES selection (slug),
    result_hash text        NOT NULL,
    posted_at   timestamptz NOT NULL
);

CREATE TABLE publication (
    slug         text        PRIMARY KEY REFERENCES notice (slug),
    blob         text        NOT NULL, -- SHA-256 of results
    results      json        NOT NULL,
    published_at timestamptz NOT NULL
);
