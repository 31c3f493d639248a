-- +goose Up
-- The schema has audit_expire, by which the room has the names, reasons and details
-- of old entries erased. It belongs to the keeper, so a migration cannot make it.
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regprocedure('audit_expire(text, text[], boolean, timestamptz, int)') IS NULL THEN
        RAISE 'the roles in this database are those of an earlier release: run "laurel migrate" or deploy/postgres/roles.sql as their owner first';
    END IF;
END $$;
-- +goose StatementEnd
