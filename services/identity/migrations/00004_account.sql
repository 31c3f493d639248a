-- +goose Up
-- An account belongs to whoever holds its address. Without a password nobody has
-- claimed it; without proved_at nobody has shown to read the address's mail.
ALTER TABLE account
    ALTER COLUMN password DROP NOT NULL,
    ADD COLUMN proved_at   timestamptz,
    ADD COLUMN disabled_at timestamptz;

-- The selections whose organizers handed a link to the holder of an account that
-- is not proved: grants count in these alone, and never in '*'.
CREATE TABLE account_vouch (
    account uuid NOT NULL REFERENCES account (id),
    slug    text NOT NULL CHECK (slug <> '*'),
    PRIMARY KEY (account, slug)
);

-- Links that claim an account, each once. One that was mailed proves the
-- address; one that was handed over has the selection that vouches.
CREATE TABLE account_link (
    hash       bytea       PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of the token
    account    uuid        NOT NULL REFERENCES account (id),
    slug       text        CHECK (slug <> '*'),                   -- NULL: it was mailed
    expires_at timestamptz NOT NULL
);
CREATE INDEX account_link_account ON account_link (account);
CREATE INDEX account_link_expires_at ON account_link (expires_at);

-- By what a session was proved: further factors are added to the list. The id
-- names it to its holder.
ALTER TABLE session
    ADD COLUMN id         uuid        NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN factors    text[]      NOT NULL DEFAULT '{password}' CHECK (factors <> '{}');
CREATE INDEX session_account ON session (account);

-- Letters to be sent. What a letter says is erased once it is sent; the links in
-- it are made then, so that this table never holds one.
CREATE TABLE mail (
    id         uuid        PRIMARY KEY,
    kind       text        NOT NULL,
    address    text        NOT NULL,
    said       jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    state      text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'dropped', 'dead')),
    due_at     timestamptz NOT NULL, -- of the next try
    tries      int         NOT NULL DEFAULT 0,
    error      text        NOT NULL DEFAULT ''
);
CREATE INDEX mail_due ON mail (due_at) WHERE state = 'queued';
CREATE INDEX mail_created_at ON mail (created_at) WHERE state <> 'queued';
CREATE INDEX mail_address ON mail (address, kind, created_at);

-- Before, organizers chose the passwords of the accounts that they made, and the
-- command those of its own. The log of acts tells which: the command's accounts
-- are proved, for whoever runs it has the machine. The others are vouched for
-- where whoever made them is an organizer; their further roles wait for a proof.
UPDATE account SET proved_at = created_at WHERE email IN (
    SELECT detail ->> 'email' FROM audit WHERE act = 'create_account' AND kind = 'system' AND actor = 'admin');
INSERT INTO account_vouch (account, slug)
SELECT DISTINCT a.id, g.slug
FROM account a
JOIN account_grant g ON g.account = a.id AND g.slug <> '*'
JOIN audit made ON made.act = 'create_account' AND made.kind = 'staff' AND made.detail ->> 'email' = a.email
JOIN account_grant organizer ON organizer.account::text = made.actor AND organizer.role = 'organizer' AND organizer.slug IN (g.slug, '*')
WHERE a.proved_at IS NULL;
