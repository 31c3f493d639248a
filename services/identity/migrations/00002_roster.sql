-- +goose Up
-- A selection's roster. Its row is locked by whoever hands out codes.
CREATE TABLE roster (
    slug    text PRIMARY KEY,
    exports int  NOT NULL DEFAULT 0 CHECK (exports >= 0) -- lists of codes handed out
);

-- No column says when a code was used: beside the times of ballots it would
-- tell whose they are.
CREATE TABLE roster_member (
    slug         text    NOT NULL REFERENCES roster (slug),
    member       text    NOT NULL CHECK (member <> ''),
    name         text    NOT NULL,
    constituency text    NOT NULL,
    place        bigint  GENERATED ALWAYS AS IDENTITY, -- order of import
    code         bytea   UNIQUE CHECK (length(code) = 32), -- HMAC of the code that is good; NULL: none handed out
    used         boolean NOT NULL DEFAULT false CHECK (code IS NOT NULL OR NOT used),
    PRIMARY KEY (slug, member)
);
