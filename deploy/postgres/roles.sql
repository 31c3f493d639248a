-- Roles and schemas of Laurel's services, for whoever does not want to give
-- `laurel migrate` a user with CREATEROLE. Run it in Laurel's database as its
-- owner or a superuser; again is fine. Each service then connects as its own
-- login (laurel_voting_login, …), which can become its own role and no other:
-- DATABASE_URL=postgres://laurel_voting_login:…@host/laurel
--
-- Logins have no password here; passwords.sh sets them from files. The services
-- make and migrate their tables when they start.

DO $$
DECLARE
    service text;
    name text;
BEGIN
    FOREACH service IN ARRAY ARRAY['identity', 'selection', 'nomination', 'voting', 'review'] LOOP
        FOREACH name IN ARRAY ARRAY['laurel_' || service || ' NOLOGIN', 'laurel_' || service || '_login LOGIN NOINHERIT'] LOOP
            BEGIN
                EXECUTE 'CREATE ROLE ' || name;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- is there already
            END;
        END LOOP;
        EXECUTE format('GRANT %I TO %I', 'laurel_' || service, 'laurel_' || service || '_login');
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, 'laurel_' || service);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', service);
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
