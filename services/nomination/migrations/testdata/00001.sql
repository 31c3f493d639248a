INSERT INTO entry (id, slug, state, name, gender, category, employer, region, deeds, recommended_by, attributes, photo, warnings, name_key, fingerprint, created_at) VALUES
    ('00000000-0000-7000-8000-000000000001', 's-1', 'submitted', '⽅⽂', '', '', '驼铃快运（兰州）', '兰州市', '雪夜送药', '', '{}', '', '[]', 'old', 'old 1', '2026-05-01'),
    ('00000000-0000-7000-8000-000000000002', 's-1', 'submitted', '方文', '', '', '驼铃快运【兰州】', '兰州市', '雪夜送药', '', '{}', '', '["resembles the entry of 方文, 驼铃快运, 兰州市", "resembles row 7 of the same file"]', 'old', 'old 2', '2026-05-02'),
    ('00000000-0000-7000-8000-000000000003', 's-1', 'withdrawn', '方文', '', '', '驼铃快运(兰州)', '兰州市', '雪夜送药', '', '{}', '', '[]', 'old', 'old 3', '2026-05-03'),
    ('00000000-0000-7000-8000-000000000004', 's-2', 'submitted', 'ÉMILE·O’Neil', '', '', 'ＡＢＣ', 'x', 'y', '', '{}', '', '[]', 'old', 'old 4', '2026-05-03');
