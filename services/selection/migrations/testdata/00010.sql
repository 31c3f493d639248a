INSERT INTO selection (slug, title, edition, timezone, given, rulebook, rulebook_hash, created_at) VALUES
    ('s-1', '{}', 1, 'UTC', '', '{"phases":{"notice":{"calendar":"CN","working_days":5}}}', 'h', '2026-01-01'),
    ('s-2', '{}', 1, 'UTC', '', '{"phases":{"notice":{"calendar":"CN","working_days":7}}}', 'h', '2026-01-01');
INSERT INTO phase (slug, name, position, closes_at) VALUES ('s-1', 'notice', 5, '2026-02-10'), ('s-2', 'notice', 5, NULL);
INSERT INTO notice (slug, result_hash, posted_at) VALUES ('s-1', 'r', '2026-02-02');
