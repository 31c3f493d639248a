-- +goose Up
-- The bodies that a result was computed from, which everybody may read once it is
-- published. Of earlier ones the event told them.
ALTER TABLE result
    ADD COLUMN votes_hash  text NOT NULL DEFAULT '',
    ADD COLUMN scores_hash text NOT NULL DEFAULT '';
-- When a candidate that was struck lost what was told of the person.
ALTER TABLE candidate ADD COLUMN erased_at timestamptz;
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regclass('outbox') IS NOT NULL THEN
        UPDATE result r SET votes_hash = o.data->>'votes_hash', scores_hash = o.data->>'scores_hash'
        FROM outbox o WHERE o.name = 'result_computed' AND o.slug = r.slug AND o.data->>'result_hash' = r.hash;
    END IF;
END $$;
-- +goose StatementEnd
