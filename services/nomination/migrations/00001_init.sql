-- +goose Up
CREATE TABLE entry (
    id             uuid        PRIMARY KEY, -- version 7: in order of submission
    slug           text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('submitted', 'vetoed', 'admitted', 'struck', 'withdrawn', 'lapsed')),
    name           text        NOT NULL CHECK (name <> ''),
    gender         text        NOT NULL CHECK (gender IN ('', 'female', 'male')),
    category       text        NOT NULL,
    employer       text        NOT NULL,
    region         text        NOT NULL,
    years          int,
    deeds          text        NOT NULL,
    recommended_by text        NOT NULL,
    attributes     jsonb       NOT NULL, -- text by the rulebook's further attributes
    photo          text        NOT NULL, -- blob; '' is none
    warnings       jsonb       NOT NULL, -- list of text
    name_key       text        NOT NULL, -- the name as it is compared
    fingerprint    text        NOT NULL, -- of name, employer, region and deeds as they are compared
    created_at     timestamptz NOT NULL
);
CREATE INDEX entry_slug ON entry (slug, id);
CREATE INDEX entry_name_key ON entry (slug, name_key);
-- Nobody is nominated twice by the same form; what was taken back may come again.
CREATE UNIQUE INDEX entry_once ON entry (slug, fingerprint) WHERE state <> 'withdrawn';

-- A department's last word; the ones before are in the audit log.
CREATE TABLE opinion (
    entry      uuid        NOT NULL REFERENCES entry (id),
    department text        NOT NULL,
    verdict    text        NOT NULL CHECK (verdict IN ('pass', 'fail')),
    reason     text        NOT NULL CHECK (verdict = 'pass' OR reason <> ''),
    given_by   text        NOT NULL,
    given_at   timestamptz NOT NULL,
    PRIMARY KEY (entry, department)
);

CREATE TABLE candidate (
    slug          text        NOT NULL,
    number        int         NOT NULL CHECK (number > 0),
    entry         uuid        NOT NULL UNIQUE REFERENCES entry (id),
    admitted_at   timestamptz NOT NULL,
    struck_at     timestamptz,
    struck_reason text        NOT NULL DEFAULT '',
    PRIMARY KEY (slug, number),
    CHECK (struck_at IS NULL OR struck_reason <> '')
);

-- The last number given in a selection; its row lock keeps numbers without gaps.
CREATE TABLE numbering (
    slug text PRIMARY KEY,
    last int  NOT NULL
);
