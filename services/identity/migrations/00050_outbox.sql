-- +goose Up
-- Letters are kept back, released and withdrawn, and are told while they wait and
-- afterwards. A letter that is held is no queued one, so that a replica of the
-- version before does not send it either.
ALTER TABLE mail
    DROP CONSTRAINT mail_state_check,
    ADD CONSTRAINT mail_state_check CHECK (state IN ('queued', 'held', 'sent', 'dropped', 'withdrawn', 'dead')),
    ADD COLUMN begun_at   timestamptz,                -- of the last try, until its outcome is noted
    ADD COLUMN settled_at timestamptz,                -- when it was sent, dropped, withdrawn or given up; NULL also of letters of before
    ADD COLUMN reason     text NOT NULL DEFAULT '',   -- why it was withdrawn
    ADD COLUMN wording    int  NOT NULL DEFAULT 0;    -- the last version of the selection's wordings when it was made; 0: there was none
CREATE INDEX mail_outbox ON mail (slug, id) WHERE kind IN ('invitation', 'role_given', 'code');
CREATE INDEX mail_own ON mail (id) WHERE slug IS NULL OR kind NOT IN ('invitation', 'role_given', 'code');
