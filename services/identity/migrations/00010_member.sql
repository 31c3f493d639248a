-- +goose Up
-- What the organizers of a selection have said of an account that they invited.
-- Until its holder comes, by a link or by signing in, they are told that and no
-- more: whether there was an account is for its holder to show. Accounts without
-- a row have come.
CREATE TABLE account_member (
    account    uuid        NOT NULL REFERENCES account (id),
    slug       text        NOT NULL CHECK (slug <> '*'),
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    came_at    timestamptz,
    PRIMARY KEY (account, slug)
);
