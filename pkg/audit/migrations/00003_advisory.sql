-- +goose Up
-- The chain was locked as a table, in a mode that autovacuum's own lock conflicts
-- with: an act of staff could wait for a vacuum. audit_link belongs to the
-- keeper, so keep_audit makes it anew, as whoever rules the database wrote it.
-- +goose StatementBegin
DO $$
BEGIN
    PERFORM keep_audit();
    IF strpos((SELECT prosrc FROM pg_proc WHERE oid = 'audit_link(audit)'::regprocedure), 'pg_advisory_xact_lock') = 0 THEN
        RAISE 'the functions in this database are those of an earlier release: run "laurel migrate" or deploy/postgres/roles.sql as their owner first';
    END IF;
END $$;
-- +goose StatementEnd
