-- +goose Up
CREATE TABLE account (
    id         uuid        PRIMARY KEY,
    email      text        NOT NULL UNIQUE CHECK (email = lower(email)),
    name       text        NOT NULL,
    password   text        NOT NULL, -- argon2id, PHC string
    created_at timestamptz NOT NULL
);

-- slug '*' holds for every selection.
CREATE TABLE account_grant (
    account uuid NOT NULL REFERENCES account (id),
    slug    text NOT NULL,
    role    text NOT NULL CHECK (role IN ('organizer', 'vetter', 'juror', 'committee', 'auditor')),
    scope   text NOT NULL,
    PRIMARY KEY (account, slug, role, scope)
);
CREATE INDEX account_grant_slug ON account_grant (slug);

CREATE TABLE session (
    hash       bytea       PRIMARY KEY, -- SHA-256 of the token
    account    uuid        NOT NULL REFERENCES account (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_expires_at ON session (expires_at);

-- Failed tries by email, known or not, in the current window.
CREATE TABLE failed_sign_in (
    email text        PRIMARY KEY,
    tries int         NOT NULL,
    since timestamptz NOT NULL
);
