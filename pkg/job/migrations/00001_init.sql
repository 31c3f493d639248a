-- +goose Up
-- Long work of the room: what waits, what is at work, and what came of it.
CREATE TABLE job (
    id         uuid        PRIMARY KEY,
    seq        bigint      GENERATED ALWAYS AS IDENTITY, -- order of ordering
    slug       text        NOT NULL, -- '' where it is about the room as a whole
    kind       text        NOT NULL,
    input      jsonb       NOT NULL, -- what it works on
    state      text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    done       bigint      NOT NULL DEFAULT 0,
    total      bigint      NOT NULL DEFAULT 0, -- 0: not known
    result     jsonb,
    fault      jsonb,                -- of the last attempt that failed
    attempts   int         NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL, -- not before
    created_at timestamptz NOT NULL,
    started_at timestamptz,          -- the first attempt
    ended_at   timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'failed'))),
    CHECK ((result IS NOT NULL) = (state = 'done'))
);
-- Whoever orders what is ordered already joins it.
CREATE UNIQUE INDEX job_one ON job (slug, kind) WHERE ended_at IS NULL;
CREATE INDEX job_last ON job (slug, kind, seq);
