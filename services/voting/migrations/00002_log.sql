-- +goose Up
-- The ballot log. A batch keeps the hashes of its ballots' leaves in their
-- order, 32 bytes each: they are the lowest tiles of the log, and the tree that
-- a promise signs. It keeps the pseudonyms too, 16 bytes each, so that a receipt
-- finds its ballot by the one index that ballots have.
ALTER TABLE batch
    ADD COLUMN leaves bytea NOT NULL DEFAULT '',
    ADD COLUMN voters bytea NOT NULL DEFAULT '';

-- Ballots from before the log get their leaves, as pkg/ballotlog writes them.
UPDATE batch t SET leaves = x.leaves, voters = x.voters
FROM (
    SELECT batch,
           string_agg(sha256('\x00'::bytea || convert_to(format('ballot %s %s %s %s',
               CASE WHEN period = 0 THEN 'once' ELSE to_char(date '1970-01-01' + period, 'YYYY-MM-DD') END,
               encode(voter, 'hex'), array_to_string(picks, ','), encode(salt, 'hex')), 'UTF8')), ''::bytea ORDER BY rank) AS leaves,
           string_agg(voter, ''::bytea ORDER BY rank) AS voters
    FROM ballot GROUP BY batch
) x
WHERE x.batch = t.id;

-- Hashes do not shrink, and lie outside the row, so that the update which gives
-- a batch its index does not copy them.
ALTER TABLE batch
    ALTER COLUMN leaves DROP DEFAULT,
    ALTER COLUMN voters DROP DEFAULT,
    ALTER COLUMN leaves SET STORAGE EXTERNAL,
    ALTER COLUMN voters SET STORAGE EXTERNAL;
ALTER TABLE batch SET (toast_tuple_target = 512);

-- The right edge of the log's tree, and the last signed checkpoint.
ALTER TABLE head
    ADD COLUMN log_size   bigint NOT NULL DEFAULT 0, -- leaves in the log
    ADD COLUMN edge       bytea  NOT NULL DEFAULT '',
    ADD COLUMN checkpoint text;                      -- null: the log is empty

-- The hashes of complete subtrees of 256^level leaves: the higher tiles.
CREATE TABLE subtree (
    selection int      NOT NULL,
    level     smallint NOT NULL CHECK (level > 0),
    number    bigint   NOT NULL,
    hash      bytea    NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (selection, level, number)
);
