-- +goose Up
-- Tries to sign in, by what they are counted by: an account, a network. A row
-- says when the allowance is whole again; what is whole needs no row. Keys are
-- hashed with a key that the database does not have: people type passwords
-- where an email belongs. (failed_sign_in is what older replicas count by.)
CREATE TABLE sign_in_try (
    key   bytea       PRIMARY KEY CHECK (length(key) = 32),
    whole timestamptz NOT NULL
);
CREATE INDEX sign_in_try_whole ON sign_in_try (whole);

-- Networks from which the holder of an account has signed in.
CREATE TABLE sign_in_network (
    account uuid        NOT NULL REFERENCES account (id),
    network bytea       NOT NULL CHECK (length(network) = 32), -- hashed as above
    at      timestamptz NOT NULL,                              -- the last time
    PRIMARY KEY (account, network)
);

-- Failures of an account from a network in the present window, for the audit
-- log. Those of unknown accounts count together.
CREATE TABLE sign_in_failure (
    key      bytea       PRIMARY KEY CHECK (length(key) = 32),
    failures int         NOT NULL,
    since    timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_since ON sign_in_failure (since);
