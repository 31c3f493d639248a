INSERT INTO selection (slug, hash, rulebook, frozen_at) VALUES ('s-1', 'h', '{}', '2026-05-01'), ('s-2', 'h', '{}', '2026-05-01');
INSERT INTO phase (slug, name, open) VALUES ('s-1', 'review', true), ('s-2', 'voting', true);
INSERT INTO candidate (slug, number, name, category, attributes, struck) VALUES
    ('s-1', 1, 'One', '', '{"employer": "X"}', false),
    ('s-1', 2, 'Two', '', 'null', false),
    ('s-1', 3, 'Three', '', '{}', true),
    ('s-2', 1, 'One', '', '{}', false);
INSERT INTO juror (slug, panel, account, name, seat) VALUES ('s-1', 'experts', 'a', 'Ann', 1), ('s-1', 'experts', 'b', 'Bo', 2), ('s-2', 'experts', 'a', 'Ann', 1);
INSERT INTO recusal (slug, panel, account, candidate, reason, at) VALUES ('s-1', 'experts', 'b', 1, 'related', '2026-05-02');
INSERT INTO sheet (slug, panel, account, candidate, revision, scores, comment, submitted, at) VALUES
    ('s-1', 'experts', 'a', 1, 1, '{"deeds": "90"}', 'good', true, '2026-05-02');
