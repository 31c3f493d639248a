-- +goose Up
-- To plan the insert anew for each number of ballots takes longer than any plan
-- could gain.
ALTER FUNCTION cast_ballots(bigint, int, int, timestamptz, timestamptz, int, smallint[], bytea, bytea, bytea, bytea, smallint[], int[], smallint[], int[])
    SET plan_cache_mode = force_generic_plan;
