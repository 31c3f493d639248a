-- +goose Up
-- Who signs results for a host; the scope is the host's id.
ALTER TABLE account_grant DROP CONSTRAINT account_grant_role_check;
ALTER TABLE account_grant ADD CONSTRAINT account_grant_role_check
    CHECK (role IN ('organizer', 'vetter', 'juror', 'committee', 'signer', 'auditor'));
-- A proof at the moment of an act.
ALTER TABLE ceremony DROP CONSTRAINT ceremony_kind_check;
ALTER TABLE ceremony ADD CONSTRAINT ceremony_kind_check CHECK (kind IN ('second', 'totp', 'passkey', 'passkey_sign_in', 'fresh'));
