-- +goose Up
-- What is in a batch is written once, and lies outside the row that is written
-- again when the batch gets its index: PostgreSQL keeps rows under 2 kB in one
-- piece, so each small batch was on disk twice.
CREATE TABLE batch_body (
    batch      bigint     PRIMARY KEY,
    candidates smallint[] NOT NULL,
    votes      smallint[] NOT NULL CHECK (cardinality(votes) = cardinality(candidates)), -- no more than the batch has ballots
    leaves     bytea      NOT NULL, -- the hashes of its ballots' leaves in their order, 32 bytes each
    voters     bytea      NOT NULL  -- their pseudonyms, 16 bytes each
);
-- Hashes do not shrink.
ALTER TABLE batch_body
    ALTER COLUMN leaves SET STORAGE EXTERNAL,
    ALTER COLUMN voters SET STORAGE EXTERNAL;
INSERT INTO batch_body SELECT id, candidates, votes, leaves, voters FROM batch;
ALTER TABLE batch DROP COLUMN candidates, DROP COLUMN votes, DROP COLUMN leaves, DROP COLUMN voters;
ALTER TABLE batch RESET (toast_tuple_target);

-- As in 00003 and 00004, but for the two rows of a batch.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION cast_ballots(
    _lock bigint, _selection int, _roll int, _since timestamptz, _until timestamptz, _period int,
    _parts smallint[], _voters bytea, _salts bytea, _keys bytea, _leaves bytea, _picks smallint[], _bounds int[],
    _candidates smallint[], _votes int[],
    OUT id bigint, OUT at timestamptz, OUT skipped smallint[]
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    ranks smallint[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(_lock);
    -- The statements from here on see what was committed before the lock.
    at := clock_timestamp();
    PERFORM 1 FROM voting v WHERE v.id = _selection AND v.roll = _roll AND v.opened_at IS NOT NULL AND v.closed_at IS NULL;
    IF NOT FOUND OR at < _since OR at >= _until THEN
        RETURN;
    END IF;
    id := nextval('batch_id');
    WITH inserted AS (
        INSERT INTO ballot AS b (batch, selection, period, part, rank, voter, salt, key, picks)
        SELECT id, _selection, _period, _parts[i + 1], i,
               substring(_voters FROM 16 * i + 1 FOR 16), substring(_salts FROM 16 * i + 1 FOR 16),
               nullif(substring(_keys FROM 16 * i + 1 FOR 16), '\x00000000000000000000000000000000'),
               _picks[_bounds[i + 1] + 1 : _bounds[i + 2]]
        FROM generate_series(0, cardinality(_parts) - 1) i
        ON CONFLICT (selection, period, voter, part) DO NOTHING
        RETURNING b.rank
    )
    SELECT array_agg(rank) INTO ranks FROM inserted;
    IF cardinality(ranks) = cardinality(_parts) THEN
        skipped := '{}';
    ELSE
        skipped := ARRAY(SELECT i::smallint FROM generate_series(0, cardinality(_parts) - 1) i WHERE i <> ALL (coalesce(ranks, '{}')) ORDER BY i);
        SELECT string_agg(substring(_leaves FROM 32 * r + 1 FOR 32), '' ORDER BY r), string_agg(substring(_voters FROM 16 * r + 1 FOR 16), '' ORDER BY r)
        INTO _leaves, _voters FROM unnest(ranks) r;
        SELECT array_agg(s.candidate), array_agg(s.votes) INTO _candidates, _votes
        FROM (SELECT n AS candidate, count(*) AS votes FROM unnest(ranks) r, unnest(_picks[_bounds[r + 1] + 1 : _bounds[r + 2]]) n GROUP BY n) s;
    END IF;
    IF ranks IS NOT NULL THEN
        INSERT INTO batch (id, selection, period, committed_at, ballots, skipped)
        VALUES (id, _selection, _period, at, cardinality(ranks), skipped);
        INSERT INTO batch_body (batch, candidates, votes, leaves, voters) VALUES (id, _candidates, _votes, _leaves, _voters);
    END IF;
END $$;
-- +goose StatementEnd
