-- +goose Up
-- Counting a batch of ballots is one call, so that a transaction lasts no longer
-- than its commit. The ballots were judged by what the caller knew of the
-- selection: that must still be so under the lock, or nothing is written and id
-- is null. They come sorted by voter and part, so that replicas never wait for
-- each other in a circle; their place is their rank. Values of a fixed size come
-- one behind another; the picks of the ballot at rank i are those from bounds[i]
-- to bounds[i + 1]; candidates and votes are the sums of all. Second ballots fall
-- out by the unique key: skipped are their ranks, and the batch is made of what
-- was inserted.
--
-- +goose StatementBegin
CREATE FUNCTION cast_ballots(
    _lock bigint, _selection int, _roll int, _since timestamptz, _until timestamptz, _period int,
    _parts smallint[], _voters bytea, _salts bytea, _keys bytea, _leaves bytea, _picks smallint[], _bounds int[],
    _candidates smallint[], _votes int[],
    OUT id bigint, OUT at timestamptz, OUT skipped smallint[]
) LANGUAGE plpgsql AS $$
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
        INSERT INTO batch (id, selection, period, committed_at, ballots, skipped, candidates, votes, leaves, voters)
        VALUES (id, _selection, _period, at, cardinality(ranks), skipped, _candidates, _votes, _leaves, _voters);
    END IF;
END $$;
-- +goose StatementEnd
