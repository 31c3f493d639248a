-- +goose Up
-- Codes that no organizer reads: drawn when their letter is sent, or encrypted for
-- the printing office. Codes of before are none of these. Addresses are forgotten
-- when it is recorded who voted.
ALTER TABLE roster_member
    ADD COLUMN email     text,                                         -- where a code may be mailed; NULL: nowhere
    ADD COLUMN moved     boolean NOT NULL DEFAULT false,               -- the address came after a code, or was changed: it may be anybody's
    ADD COLUMN handed    text CHECK (handed IN ('mail', 'slip')),      -- how the code that is good went out; NULL: through an organizer's hands
    ADD COLUMN letter    uuid,                                         -- in the mail queue, the last with a code
    ADD COLUMN delivered text CHECK (delivered IN ('waiting', 'sent', 'failed')); -- what became of it
CREATE UNIQUE INDEX roster_member_email ON roster_member (slug, email);
CREATE INDEX roster_member_letter ON roster_member (letter) WHERE letter IS NOT NULL;

ALTER TABLE roster ADD COLUMN printer text; -- public key that slips were last encrypted for

-- Letters with codes are many and wait for all others.
DROP INDEX mail_due;
CREATE INDEX mail_due ON mail (due_at, id) WHERE state = 'queued' AND kind <> 'code';
CREATE INDEX mail_code_due ON mail (due_at, id) WHERE state = 'queued' AND kind = 'code';
