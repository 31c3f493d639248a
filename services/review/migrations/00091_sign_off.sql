-- +goose Up
-- What each host has said of the result that a motion put, once it had the votes:
-- signed, or with a reason refused. The first word of a host stands.
CREATE TABLE sign_off (
    slug    text        NOT NULL,
    seq     int         NOT NULL, -- of the motion
    host    text        NOT NULL, -- id in the rulebook
    account text        NOT NULL, -- who spoke for it
    signer  text        NOT NULL, -- by the name that they want shown
    result  text        NOT NULL, -- SHA-256 of what was signed, hex
    reason  text        NOT NULL, -- of a refusal; empty: signed
    at      timestamptz NOT NULL,
    PRIMARY KEY (slug, seq, host),
    FOREIGN KEY (slug, seq) REFERENCES motion (slug, seq)
);

ALTER TABLE motion DROP CONSTRAINT motion_outcome_check;
ALTER TABLE motion ADD CONSTRAINT motion_outcome_check
    CHECK (outcome IN ('moved', 'approved', 'rejected', 'overtaken', 'signing', 'returned', 'fallen'));
DROP INDEX motion_in_force;
CREATE UNIQUE INDEX motion_in_force ON motion (slug) WHERE outcome IN ('moved', 'signing', 'approved');
