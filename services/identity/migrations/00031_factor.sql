-- +goose Up
-- By what accounts are proved beside their passwords. What is kept of a factor is
-- sealed with the installation's key: a TOTP's secret, a passkey's record.
CREATE TABLE account_factor (
    id         uuid        PRIMARY KEY,
    account    uuid        NOT NULL REFERENCES account (id),
    kind       text        NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name       text        NOT NULL,
    credential bytea       UNIQUE, -- a passkey's id
    kept       bytea       NOT NULL,
    step       bigint,             -- of a TOTP: half a minute of the last code that was taken; earlier ones are spent
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    CHECK ((kind = 'passkey') = (credential IS NOT NULL)),
    CHECK ((kind = 'totp') = (step IS NOT NULL))
);
CREATE INDEX account_factor_account ON account_factor (account);
CREATE UNIQUE INDEX account_factor_totp ON account_factor (account) WHERE kind = 'totp';

-- Codes that stand for a factor, each once: the row goes with its use.
CREATE TABLE account_recovery (
    account uuid  NOT NULL REFERENCES account (id),
    hash    bytea NOT NULL CHECK (length(hash) = 32), -- with the installation's key
    PRIMARY KEY (account, hash)
);

-- What lies between two steps: a sign-in whose password is right, a factor that
-- is being added, a sign-in by passkey, whose account is not known yet. Known by
-- a token, and good for few tries.
CREATE TABLE ceremony (
    hash       bytea       PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of the token
    kind       text        NOT NULL CHECK (kind IN ('second', 'totp', 'passkey', 'passkey_sign_in')),
    account    uuid        REFERENCES account (id),
    kept       bytea       NOT NULL, -- sealed
    tries      int         NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    CHECK ((kind = 'passkey_sign_in') = (account IS NULL))
);
CREATE INDEX ceremony_account ON ceremony (account);
CREATE INDEX ceremony_expires_at ON ceremony (expires_at);

-- From where a session was opened, as its holder sees it.
ALTER TABLE session ADD COLUMN network text NOT NULL DEFAULT '';
