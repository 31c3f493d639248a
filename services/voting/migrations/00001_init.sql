-- +goose Up
-- A selection in this room. Its id is short, for every ballot carries it.
-- Rows here and in candidate change only under the selection's exclusive
-- advisory lock; casting reads them under the shared one.
CREATE TABLE voting (
    id        int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug      text        NOT NULL UNIQUE,
    key_check bytea       NOT NULL, -- of the pseudonym key: another key would let everybody vote again
    opened_at timestamptz,
    closes_at timestamptz,          -- the deadline, by the database's clock; null: by hand
    closed_at timestamptz,          -- never unset
    roll      int         NOT NULL DEFAULT 0 -- counts changes of the candidates
);

-- Candidates may arrive before the rulebook does.
CREATE TABLE candidate (
    slug      text     NOT NULL,
    number    smallint NOT NULL CHECK (number > 0),
    category  text     NOT NULL,
    struck_at timestamptz,
    PRIMARY KEY (slug, number)
);

-- A ballot, of which 10 million must stay small: columns are ordered so that
-- none is padded, and there is one index. It holds nobody's name or number.
CREATE TABLE ballot (
    batch     bigint     NOT NULL,
    selection int        NOT NULL,
    period    int        NOT NULL, -- days since 1970-01-01 in the rulebook's timezone; 0: the whole vote
    part      smallint   NOT NULL, -- 0; the next ones where voters may add picks later
    rank      smallint   NOT NULL, -- place in the batch; ballots that fell out as duplicates leave gaps
    voter     bytea      NOT NULL, -- pseudonym in this selection and period, 16 bytes
    salt      bytea      NOT NULL, -- 16 random bytes; by it a writer knows its own ballot again
    key       bytea,               -- hash of the Idempotency-Key, 16 bytes
    picks     smallint[] NOT NULL, -- candidate numbers, ascending
    PRIMARY KEY (selection, period, voter, part)
);

-- What one transaction added to one selection and period: the unit of counting.
-- The leaf hashes of the ballot log have their place here, beside the sums, so
-- that the sequencer extends the log without reading ballots; the log's tiles
-- and checkpoints hang on head.
CREATE SEQUENCE batch_id;
CREATE TABLE batch (
    id           bigint      PRIMARY KEY, -- from batch_id, drawn before the ballots are written
    selection    int         NOT NULL,
    period       int         NOT NULL,
    committed_at timestamptz NOT NULL,    -- the database's clock under the lock
    first_index  bigint,                  -- of its first ballot in the log; null: not in the tally yet
    ballots      int         NOT NULL CHECK (ballots > 0),
    skipped      smallint[]  NOT NULL,    -- the ranks that fell out, ascending
    candidates   smallint[]  NOT NULL,
    votes        int[]       NOT NULL CHECK (cardinality(votes) = cardinality(candidates))
);
CREATE UNIQUE INDEX batch_unsequenced ON batch (selection, id) WHERE first_index IS NULL;
CREATE UNIQUE INDEX batch_first_index ON batch (selection, first_index) WHERE first_index IS NOT NULL;

-- How far the sequencer has come. Only it writes head and tally.
CREATE TABLE head (
    selection  int         PRIMARY KEY,
    next_index bigint      NOT NULL, -- ballots in the tally, and in the log
    moved_at   timestamptz,
    sealed_at  timestamptz           -- never unset
);

CREATE TABLE tally (
    selection int      NOT NULL,
    candidate smallint NOT NULL,
    votes     bigint   NOT NULL CHECK (votes > 0),
    PRIMARY KEY (selection, candidate)
);
