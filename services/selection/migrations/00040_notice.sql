-- +goose Up
-- The notices of a decision, one after another; the last ends with the phase.
CREATE TABLE notice_run (
    slug         text        NOT NULL REFERENCES notice (slug),
    seq          int         NOT NULL CHECK (seq > 0), -- from 1
    title        json        NOT NULL,                 -- by language; {}: it has none
    working_days int         NOT NULL,
    days         int         NOT NULL,                 -- of any kind; one of both is 0
    posted_at    timestamptz NOT NULL,
    closes_at    timestamptz NOT NULL CHECK (closes_at > posted_at), -- exclusive
    PRIMARY KEY (slug, seq)
);

-- What is on notice already is one notice, of the days that its rulebook says.
INSERT INTO notice_run (slug, seq, title, working_days, days, posted_at, closes_at)
SELECT n.slug, 1, '{}', coalesce((s.rulebook::jsonb #>> '{phases,notice,working_days}')::int, 0), 0, n.posted_at, p.closes_at
FROM notice n JOIN selection s USING (slug) JOIN phase p ON p.slug = n.slug AND p.name = 'notice';
