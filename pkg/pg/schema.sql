CREATE SCHEMA IF NOT EXISTS SERVICE AUTHORIZATION laurel_SERVICE_keeper;
REVOKE ALL ON SCHEMA SERVICE FROM PUBLIC;
DO $do$
BEGIN
    IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'SERVICE') <> 'laurel_SERVICE_keeper'::regrole THEN
        ALTER SCHEMA SERVICE OWNER TO laurel_SERVICE_keeper; -- it was the service's own
    END IF;
    GRANT USAGE, CREATE ON SCHEMA SERVICE TO laurel_SERVICE;
    IF coalesce((SELECT strpos(prosrc, 'pg_advisory_xact_lock') FROM pg_proc WHERE oid = to_regprocedure('SERVICE.keep_audit()')), 0) = 0 THEN
        CREATE OR REPLACE FUNCTION SERVICE.keep_audit() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
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

            -- Appends an entry, at the end of its transaction. Entries come one after
            -- the other by an advisory lock, which no autovacuum waits for or holds. Those by
            -- the function of an earlier release have ended: the tables were locked above.
            CREATE OR REPLACE FUNCTION SERVICE.audit_link(e SERVICE.audit) RETURNS void LANGUAGE plpgsql SET search_path = SERVICE, pg_temp AS $link$
            DECLARE
                texts  text[] := ARRAY[e.actor, e.name, e.reason, e.detail::text, e.request];
                salts  bytea[] := '{}';
                hashes bytea := '';
                last   bigint;
                chain  bytea;
            BEGIN
                PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::int, 'audit_chain'::regclass::oid::int);
                SELECT c.position, c.hash INTO last, chain FROM audit_chain c ORDER BY c.position DESC LIMIT 1;
                last := coalesce(last, 0) + 1;
                chain := coalesce(chain, decode(repeat('00', 32), 'hex'));
                FOR i IN 1 .. 5 LOOP
                    salts[i] := uuid_send(gen_random_uuid());
                    hashes := hashes || sha256(salts[i] || convert_to(texts[i], 'UTF8'));
                END LOOP;
                INSERT INTO audit_chain VALUES (last, e.id, salts, hashes, sha256(chain || convert_to(concat_ws(E'\n',
                    last, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.slug, e.kind, e.act, encode(hashes, 'hex')), 'UTF8')));
            END $link$;
        END $$;
        REVOKE ALL ON FUNCTION SERVICE.keep_audit() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION SERVICE.keep_audit() TO laurel_SERVICE;
    END IF;
    IF to_regprocedure('SERVICE.audit_expire(text, text[], boolean, timestamptz, int)') IS NULL THEN
        CREATE FUNCTION SERVICE.audit_expire(what text, acts text[], among boolean, until timestamptz, most int)
        RETURNS TABLE (selection text, entries bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
        BEGIN
            RETURN QUERY
            WITH over AS (
                SELECT a.id, a.slug FROM SERVICE.audit a JOIN SERVICE.audit_chain c ON c.entry = a.id
                WHERE a.at <= least(until, clock_timestamp() - interval '180 days') AND (a.act = ANY (acts)) = among
                  AND a.act <> 'erase_expired' AND NOT (c.salts[2] IS NULL AND c.salts[3] IS NULL AND c.salts[4] IS NULL)
                ORDER BY a.id LIMIT most
            ), texts AS (
                UPDATE SERVICE.audit a SET name = '', reason = '', detail = 'null' FROM over WHERE a.id = over.id
            ), salts AS (
                UPDATE SERVICE.audit_chain c SET salts = salts[1:1] || array_fill(NULL::bytea, ARRAY[3]) || salts[5:5] FROM over WHERE c.entry = over.id
            ), counted AS (
                SELECT over.slug, count(*) AS n FROM over GROUP BY over.slug
            ), told AS (
                INSERT INTO SERVICE.audit (at, slug, kind, actor, name, act, reason, detail, request)
                SELECT clock_timestamp(), slug, 'system', 'retention', '', 'erase_expired', '', json_build_object('kind', what, 'count', n), ''
                FROM counted ORDER BY slug
            )
            SELECT slug, n FROM counted ORDER BY slug;
        END $$;
        REVOKE ALL ON FUNCTION SERVICE.audit_expire(text, text[], boolean, timestamptz, int) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION SERVICE.audit_expire(text, text[], boolean, timestamptz, int) TO laurel_SERVICE;
        ALTER FUNCTION SERVICE.audit_expire(text, text[], boolean, timestamptz, int) OWNER TO laurel_SERVICE_keeper;
    END IF;
END
$do$;
