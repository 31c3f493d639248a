-- Two selections of the first schema: ballots of a whole vote and of a day, one
-- with a key; the batch of the first lacks a rank that fell out, and is counted.
INSERT INTO voting (slug, key_check, roll) VALUES ('s-1', '\x01', 3), ('s-2', '\x01', 2);
INSERT INTO candidate (slug, number, category) VALUES ('s-1', 1, ''), ('s-1', 2, ''), ('s-2', 12, '');
INSERT INTO head (selection, next_index) VALUES (1, 2), (2, 0);
INSERT INTO batch (id, selection, period, committed_at, first_index, ballots, skipped, candidates, votes) VALUES
    (7, 1, 0, '2026-05-01T08:00:00Z', 0, 2, '{1}', '{1,2}', '{2,1}'),
    (8, 2, 20574, '2026-05-01T08:00:01Z', NULL, 1, '{}', '{12}', '{1}');
INSERT INTO ballot (batch, selection, period, part, rank, voter, salt, key, picks) VALUES
    (7, 1, 0, 0, 2, '\x02000000000000000000000000000002', '\xa2000000000000000000000000000002', NULL, '{1}'),
    (7, 1, 0, 0, 0, '\x01000000000000000000000000000001', '\xa1000000000000000000000000000001', '\x0f00000000000000000000000000000f', '{1,2}'),
    (8, 2, 20574, 0, 0, '\x03000000000000000000000000000003', '\xa3000000000000000000000000000003', NULL, '{12}');
INSERT INTO tally (selection, candidate, votes) VALUES (1, 1, 2), (1, 2, 1);
