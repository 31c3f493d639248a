-- +goose Up
-- What entries are searched by: name, employer, region, recommending body and
-- attributes by Key of pkg/norm, a line each. Entries that are there already get
-- about the same: it differs only in rare signs.
-- serial is the running number of the row that an entry was imported from.
ALTER TABLE entry
    ADD COLUMN search text NOT NULL DEFAULT '',
    ADD COLUMN serial text NOT NULL DEFAULT '';
UPDATE entry SET search = lower(regexp_replace(normalize(concat_ws(E'\n', name_key, employer, region, recommended_by,
       (SELECT string_agg(value, E'\n') FROM jsonb_each_text(attributes))), NFKC), '[^\S\n]', '', 'g'))
WHERE erased_at IS NULL;

-- The characters of a text and its pairs of neighbours, each with the selection:
-- so a search reads the entries of one selection that have all of them.
CREATE FUNCTION grams(slug text, searched text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce(array_agg(DISTINCT slug || '/' || gram), '{}')
    FROM generate_series(1, length(searched)) AS i
    CROSS JOIN LATERAL (VALUES (substr(searched, i, 1)), (substr(searched, i, 2))) AS g (gram)
    WHERE gram !~ '\n'
$$;
CREATE INDEX entry_grams ON entry USING gin (grams(slug, search));
