-- +goose Up
-- Objections to a decision on notice. What is told of whoever made one, and what
-- they wrote, is seen by its handlers alone, and is emptied after the retention.
CREATE TABLE objection (
    slug        text        NOT NULL REFERENCES notice (slug),
    number      int         NOT NULL CHECK (number > 0), -- from 1
    code        bytea       NOT NULL UNIQUE,             -- SHA-256 of the code by which it is followed
    candidate   int         NOT NULL,
    text        text        NOT NULL,
    name        text        NOT NULL,
    contact     text        NOT NULL,
    anonymous   boolean     NOT NULL,
    via         text        NOT NULL,
    received_at timestamptz NOT NULL, -- when it was entered here
    received_on date        NOT NULL, -- in the selection's timezone
    postmark    date,
    late        boolean     NOT NULL, -- it was not within the notice
    due_at      timestamptz,          -- exclusive; none: the year's holidays are not known
    state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'upheld', 'refused', 'closed')),
    rule        text        NOT NULL DEFAULT '',
    reasons     text        NOT NULL DEFAULT '',
    decided_at  timestamptz,
    decided_by  text        NOT NULL DEFAULT '',
    erased_at   timestamptz,
    PRIMARY KEY (slug, number),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'closed') = (rule <> '')),
    CHECK (NOT late OR state IN ('open', 'closed')) -- who comes late is not examined
);

CREATE TABLE objection_file (
    slug   text   NOT NULL,
    number int    NOT NULL,
    seq    int    NOT NULL,
    name   text   NOT NULL,
    media  text   NOT NULL,
    size   bigint NOT NULL,
    blob   text   NOT NULL,
    PRIMARY KEY (slug, number, seq),
    FOREIGN KEY (slug, number) REFERENCES objection (slug, number)
);
CREATE INDEX ON objection_file (blob);

CREATE TABLE objection_note (
    slug   text        NOT NULL,
    number int         NOT NULL,
    seq    int         NOT NULL,
    kind   text        NOT NULL,
    held   date        NOT NULL,
    text   text        NOT NULL,
    by     text        NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (slug, number, seq),
    FOREIGN KEY (slug, number) REFERENCES objection (slug, number)
);

-- Staff who are party to an objection: to them there is none.
CREATE TABLE objection_excluded (
    slug    text NOT NULL,
    number  int  NOT NULL,
    account text NOT NULL,
    name    text NOT NULL,
    reason  text NOT NULL,
    PRIMARY KEY (slug, number, account),
    FOREIGN KEY (slug, number) REFERENCES objection (slug, number)
);
