CREATE SCHEMA IF NOT EXISTS SERVICE AUTHORIZATION laurel_SERVICE_keeper;
REVOKE ALL ON SCHEMA SERVICE FROM PUBLIC;
DO $do$
BEGIN
    IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'SERVICE') <> 'laurel_SERVICE_keeper'::regrole THEN
        ALTER SCHEMA SERVICE OWNER TO laurel_SERVICE_keeper; -- it was the service's own
    END IF;
    GRANT USAGE, CREATE ON SCHEMA SERVICE TO laurel_SERVICE;
    IF to_regprocedure('SERVICE.keep_audit()') IS NULL THEN
        CREATE FUNCTION SERVICE.keep_audit() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
        BEGIN
            ALTER TABLE SERVICE.audit OWNER TO laurel_SERVICE_keeper;
            ALTER TABLE SERVICE.audit_chain OWNER TO laurel_SERVICE_keeper;
            ALTER TABLE SERVICE.audit_head OWNER TO laurel_SERVICE_keeper;
            ALTER FUNCTION SERVICE.audit_link(SERVICE.audit) OWNER TO laurel_SERVICE_keeper;
            ALTER FUNCTION SERVICE.audit_append() OWNER TO laurel_SERVICE_keeper;
            REVOKE ALL ON FUNCTION SERVICE.audit_link(SERVICE.audit) FROM PUBLIC, laurel_SERVICE;
            REVOKE ALL ON SERVICE.audit, SERVICE.audit_chain, SERVICE.audit_head FROM PUBLIC, laurel_SERVICE;
            GRANT SELECT, INSERT ON SERVICE.audit, SERVICE.audit_head TO laurel_SERVICE;
            GRANT SELECT ON SERVICE.audit_chain TO laurel_SERVICE;
        END $$;
        REVOKE ALL ON FUNCTION SERVICE.keep_audit() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION SERVICE.keep_audit() TO laurel_SERVICE;
    END IF;
END
$do$;
