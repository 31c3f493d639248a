-- +goose Up
-- As cast_ballots, which is kept for replicas of the version before, but of whatever
-- selections: what waits at a moment is one transaction, however many votes are
-- open. Arrays whose names are of a selection have an element for each, in the order
-- of their slugs, in which all replicas take the locks and insert: so none wait for
-- each other in a circle. The ballots of the selection at g are
-- from _starts[g] to before _starts[g + 1], sorted by voter and part; their sums are the elements of _candidates and _votes from _sums[g] to
-- before _sums[g + 1].
--
-- Of a selection that is no longer as its ballots were judged, nothing is written,
-- and ids has 0. skipped are the places of second ballots, among all.
--
-- +goose StatementBegin
CREATE FUNCTION cast_ballots_of_many(
    _locks bigint[], _selections int[], _rolls int[], _since timestamptz[], _until timestamptz[], _periods int[], _starts int[], _sums int[],
    _parts smallint[], _voters bytea, _salts bytea, _keys bytea, _leaves bytea, _picks smallint[], _bounds int[],
    _candidates smallint[], _votes int[],
    OUT ids bigint[], OUT at timestamptz, OUT skipped int[]
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    groups int := cardinality(_locks);
    batches bigint[];
    ranks smallint[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(unnest(_locks));
    -- The statements from here on see what was committed before the locks.
    at := clock_timestamp();
    ids := ARRAY(
        SELECT CASE WHEN at >= _since[g] AND at < _until[g] AND _rolls[g] = (
            SELECT roll FROM voting WHERE id = _selections[g] AND opened_at IS NOT NULL AND closed_at IS NULL) THEN nextval('batch_id') ELSE 0 END
        FROM generate_series(1, groups) g);
    WITH inserted AS (
        INSERT INTO ballot AS b (batch, selection, period, part, rank, voter, salt, key, picks)
        SELECT w.id, w.selection, w.period, _parts[i + 1], i - w.first,
               substring(_voters FROM 16 * i + 1 FOR 16), substring(_salts FROM 16 * i + 1 FOR 16),
               nullif(substring(_keys FROM 16 * i + 1 FOR 16), '\x00000000000000000000000000000000'),
               _picks[_bounds[i + 1] + 1 : _bounds[i + 2]]
        FROM unnest(ids, _selections, _periods, _starts, _starts[2:]) AS w (id, selection, period, first, next),
             generate_series(w.first, w.next - 1) i
        WHERE w.id > 0
        ON CONFLICT (selection, period, voter, part) DO NOTHING
        RETURNING b.batch, b.rank
    )
    SELECT array_agg(batch), array_agg(rank) INTO batches, ranks FROM inserted;
    skipped := '{}';
    IF cardinality(ranks) = cardinality(_parts) THEN
        WITH counted AS (
            INSERT INTO batch (id, selection, period, committed_at, ballots, skipped)
            SELECT ids[g], _selections[g], _periods[g], at, _starts[g + 1] - _starts[g], '{}' FROM generate_series(1, groups) g
        )
        INSERT INTO batch_body (batch, candidates, votes, leaves, voters)
        SELECT ids[g], _candidates[_sums[g] + 1 : _sums[g + 1]], _votes[_sums[g] + 1 : _sums[g + 1]],
               substring(_leaves FROM 32 * _starts[g] + 1 FOR 32 * (_starts[g + 1] - _starts[g])),
               substring(_voters FROM 16 * _starts[g] + 1 FOR 16 * (_starts[g + 1] - _starts[g]))
        FROM generate_series(1, groups) g;
        RETURN;
    END IF;
    skipped := ARRAY(
        SELECT i FROM unnest(ids, _starts, _starts[2:]) AS w (id, first, next), generate_series(first, next - 1) i WHERE id > 0
        EXCEPT SELECT first + r FROM unnest(batches, ranks) AS x (id, r) JOIN unnest(ids, _starts) AS w (id, first) USING (id)
        ORDER BY 1);
    WITH kept AS MATERIALIZED (
        SELECT id, g, array_agg(r ORDER BY r) AS ranks
        FROM unnest(batches, ranks) AS x (id, r) JOIN unnest(ids) WITH ORDINALITY AS y (id, g) USING (id)
        GROUP BY id, g
    ), counted AS (
        INSERT INTO batch (id, selection, period, committed_at, ballots, skipped)
        SELECT id, _selections[g], _periods[g], at, cardinality(k.ranks),
               ARRAY(SELECT (i - _starts[g])::smallint FROM unnest(skipped) i WHERE i >= _starts[g] AND i < _starts[g + 1] ORDER BY i)
        FROM kept k
    )
    INSERT INTO batch_body (batch, candidates, votes, leaves, voters)
    SELECT id, s.candidates, s.votes,
           (SELECT string_agg(substring(_leaves FROM 32 * (_starts[g] + r) + 1 FOR 32), '' ORDER BY r) FROM unnest(k.ranks) r),
           (SELECT string_agg(substring(_voters FROM 16 * (_starts[g] + r) + 1 FOR 16), '' ORDER BY r) FROM unnest(k.ranks) r)
    FROM kept k, LATERAL (
        SELECT array_agg(candidate) AS candidates, array_agg(votes) AS votes
        FROM (SELECT candidate, count(*) AS votes
              FROM unnest(k.ranks) r, unnest(_picks[_bounds[_starts[g] + r + 1] + 1 : _bounds[_starts[g] + r + 2]]) candidate
              GROUP BY candidate) c
    ) s;
END $$;
-- +goose StatementEnd
