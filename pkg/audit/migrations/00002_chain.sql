-- +goose Up
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regprocedure('keep_audit()') IS NULL THEN
        RAISE 'the roles in this database are those of an earlier release: run "laurel migrate" or deploy/postgres/roles.sql as their owner first';
    END IF;
END $$;
-- +goose StatementEnd

-- The chain of all entries, in the order of their commits. What may name a
-- person stands in it by salted hashes, so that a field can be erased, with its
-- salt, and the chain still holds.
CREATE TABLE audit_chain (
    position bigint  PRIMARY KEY, -- from 1, without gaps
    entry    bigint  NOT NULL UNIQUE,
    salts    bytea[] NOT NULL,    -- 16 bytes for each of actor, name, reason, detail, request; null: the field was erased
    hashes   bytea   NOT NULL,    -- SHA-256 of salt and text of each of them, one behind another
    hash     bytea   NOT NULL     -- of the chain up to here
);

-- Signed heads of the chain.
CREATE TABLE audit_head (
    position bigint      PRIMARY KEY,
    note     text        NOT NULL, -- as pkg/audit reads it
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- audit_link appends an entry. It is called at the end of the entry's
-- transaction, so that the chain is locked for no longer than a commit takes.
-- +goose StatementBegin
CREATE FUNCTION audit_link(e audit) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    texts  text[] := ARRAY[e.actor, e.name, e.reason, e.detail::text, e.request];
    salts  bytea[] := '{}';
    hashes bytea := '';
    last   bigint;
    chain  bytea;
BEGIN
    LOCK TABLE audit_chain IN SHARE ROW EXCLUSIVE MODE;
    SELECT c.position, c.hash INTO last, chain FROM audit_chain c ORDER BY c.position DESC LIMIT 1;
    last := coalesce(last, 0) + 1;
    chain := coalesce(chain, decode(repeat('00', 32), 'hex'));
    FOR i IN 1 .. 5 LOOP
        salts[i] := uuid_send(gen_random_uuid());
        hashes := hashes || sha256(salts[i] || convert_to(texts[i], 'UTF8'));
    END LOOP;
    INSERT INTO audit_chain VALUES (last, e.id, salts, hashes, sha256(chain || convert_to(concat_ws(E'\n',
        last, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.slug, e.kind, e.act, encode(hashes, 'hex')), 'UTF8')));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM audit_link(NEW);
    RETURN NULL;
END $$;
-- +goose StatementEnd

SELECT audit_link(audit) FROM (SELECT * FROM audit ORDER BY id) AS audit;
CREATE CONSTRAINT TRIGGER audit_append AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_append();

-- From here on the room's role inserts and reads, and changes nothing.
SELECT keep_audit();
