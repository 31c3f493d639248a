-- +goose Up
-- Everything public moves only at a publication: it appends the leaves of ballots
-- that are in the tally to the log, sorted by their hashes, and shows the sums
-- with them. So first_index is a batch's place in the order of counting, and the
-- ballots' places in the log are those of their hashes in the publication that
-- has the same range. What was in the log before the first publication lies there
-- in the order of counting.
CREATE TABLE publication (
    selection int         NOT NULL,
    first     bigint      NOT NULL, -- of its ballots in the log
    ballots   int         NOT NULL CHECK (ballots > 0),
    at        timestamptz NOT NULL,
    PRIMARY KEY (selection, first)
);

-- The lowest tiles: the hashes of 256 leaves, of the last one perhaps fewer.
CREATE TABLE tile (
    selection int    NOT NULL,
    number    bigint NOT NULL,
    hashes    bytea  NOT NULL,
    PRIMARY KEY (selection, number)
);
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not shrink
INSERT INTO tile (selection, number, hashes)
SELECT selection, number, string_agg(
    substring(leaves FROM (32 * greatest(256 * number - first_index, 0) + 1)::int
              FOR (32 * (least(256 * number + 256, first_index + ballots) - greatest(256 * number, first_index)))::int), ''::bytea ORDER BY first_index)
FROM batch JOIN batch_body ON batch = id JOIN head USING (selection),
     generate_series(first_index / 256, (first_index + ballots - 1) / 256) number
WHERE first_index < log_size
GROUP BY selection, number;

-- log_size is how many ballots are public, and moved_at when that last changed.
-- A sequencer of the version before moves log_size alone: it is refused, and
-- counts no more, until one of this version leads.
ALTER TABLE head ADD COLUMN published bigint NOT NULL DEFAULT 0;
UPDATE head SET published = log_size;
ALTER TABLE head ADD CHECK (published = log_size);

ALTER TABLE tally ADD COLUMN published bigint NOT NULL DEFAULT 0; -- of the votes
UPDATE tally t SET published = votes - coalesce((
    SELECT sum(x.votes)
    FROM head h JOIN batch b ON b.selection = h.selection AND b.first_index >= h.log_size JOIN batch_body ON batch = b.id,
         unnest(candidates, batch_body.votes) AS x (candidate, votes)
    WHERE h.selection = t.selection AND x.candidate = t.candidate), 0);
