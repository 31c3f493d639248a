-- +goose Up
-- What kind of motion it is, and why it changes the list: base is the result that
-- it changes, seats the whole list that comes of it.
ALTER TABLE motion
    ADD kind          text NOT NULL DEFAULT 'adopt' CHECK (kind IN ('adopt', 'fill', 'replace', 'leave_empty', 'choose')),
    ADD reason        text NOT NULL DEFAULT '',
    ADD base          text NOT NULL DEFAULT '',
    ADD out_candidate int,
    ADD in_candidate  int;
UPDATE motion SET kind = 'fill' WHERE seats IS NOT NULL;
ALTER TABLE motion DROP CONSTRAINT motion_outcome_check;
ALTER TABLE motion ADD CONSTRAINT motion_outcome_check
    CHECK (outcome IN ('moved', 'approved', 'rejected', 'overtaken', 'changed', 'signing', 'returned', 'fallen'));

-- Members who take no part in a motion.
CREATE TABLE motion_recusal (
    slug    text        NOT NULL,
    seq     int         NOT NULL,
    account text        NOT NULL,
    reason  text        NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (slug, seq, account),
    FOREIGN KEY (slug, seq) REFERENCES motion (slug, seq)
);

-- A result whose list a motion has changed is not what the rules compute.
ALTER TABLE result ADD changed boolean NOT NULL DEFAULT false;
