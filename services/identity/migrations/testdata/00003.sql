-- Accounts of before: the operator's, an organizer's of s-1 (made by the
-- operator's, who organizes everywhere), and what that organizer made.
INSERT INTO account (id, email, name, password, created_at) VALUES
    ('00000000-0000-0000-0000-000000000001', 'operator@example.org', 'o', '$argon2id$', '2026-01-01Z'),
    ('00000000-0000-0000-0000-000000000002', 'organizer@example.org', 'o', '$argon2id$', '2026-01-02Z'),
    ('00000000-0000-0000-0000-000000000003', 'juror@example.org', 'j', '$argon2id$', '2026-01-03Z'),
    ('00000000-0000-0000-0000-000000000004', 'director@example.org', 'd', '$argon2id$', '2026-01-04Z');
INSERT INTO account_grant (account, slug, role, scope) VALUES
    ('00000000-0000-0000-0000-000000000001', '*', 'organizer', ''),
    ('00000000-0000-0000-0000-000000000002', 's-1', 'organizer', ''),
    ('00000000-0000-0000-0000-000000000002', 's-2', 'auditor', ''),
    ('00000000-0000-0000-0000-000000000003', 's-1', 'juror', 'experts'),
    ('00000000-0000-0000-0000-000000000003', 's-2', 'juror', 'experts'),
    ('00000000-0000-0000-0000-000000000004', '*', 'organizer', '');
INSERT INTO audit (at, slug, kind, actor, name, act, reason, detail, request) VALUES
    ('2026-01-01Z', '', 'system', 'admin', 'laurel admin', 'create_account', '', '{"email":"operator@example.org","name":"o"}', ''),
    ('2026-01-02Z', '', 'staff', '00000000-0000-0000-0000-000000000001', 'o', 'create_account', '', '{"email":"organizer@example.org","name":"o"}', ''),
    ('2026-01-03Z', '', 'staff', '00000000-0000-0000-0000-000000000002', 'o', 'create_account', '', '{"email":"juror@example.org","name":"j"}', ''),
    ('2026-01-04Z', '', 'staff', '00000000-0000-0000-0000-000000000002', 'o', 'create_account', '', '{"email":"director@example.org","name":"d"}', '');
INSERT INTO session (hash, account, expires_at) VALUES ('\x01', '00000000-0000-0000-0000-000000000003', '2026-12-01Z');
