package server_test

import (
	"strings"
	"testing"
)

// TestCheck_finds tampers with each part in turn.
func TestCheck_finds(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.counted(t, ballot(1, 3), ballot(2, 1, 2))
	r.whole(t, 2)
	tables := []string{"ballot", "batch", "batch_body", "tally", "head", "publication"}
	for _, table := range tables {
		r.execute(t, `CREATE TABLE kept_`+table+` AS TABLE `+table)
	}
	for name, c := range map[string]struct{ tamper, want string }{
		"ballot deleted":     {`DELETE FROM ballot WHERE picks = '{3}'`, "batch = its ballots"},
		"ballot exchanged":   {`UPDATE ballot SET picks = '{4}' WHERE picks = '{3}'`, "sums of a batch"},
		"ballot stuffed":     {`INSERT INTO ballot SELECT batch, selection, period, part, 77, '\x01', salt, key, picks FROM ballot LIMIT 1`, "batch = its ballots"},
		"second ballot":      {`INSERT INTO ballot SELECT batch, selection, period, 1, 77, voter, salt, key, picks FROM ballot LIMIT 1`, "the rulebook's picks"},
		"part missing":       {`UPDATE ballot SET part = 2 WHERE picks = '{3}'`, "one, two, three"},
		"tally raised":       {`UPDATE tally SET votes = votes + 1 WHERE candidate = 3`, "tally = recount"},
		"tally row deleted":  {`DELETE FROM tally WHERE candidate = 3`, "tally = recount"},
		"sums raised":        {`UPDATE batch_body SET votes = array_fill(9, ARRAY[cardinality(votes)])`, "sums of a batch"},
		"index moved":        {`UPDATE batch SET first_index = first_index + 1`, "indexes from 0"},
		"head moved":         {`UPDATE head SET next_index = next_index + 1`, "indexes from 0"},
		"event misses one":   {`UPDATE head SET next_index = 3, log_size = 3, published = 3; UPDATE batch SET ballots = 3`, "ballots_counted told"},
		"published raised":   {`UPDATE tally SET published = published + 1 WHERE candidate = 3`, "published votes = recount"},
		"unfolded published": {`UPDATE tally SET published = 0`, "published votes = recount"},
		"publication short":  {`UPDATE publication SET ballots = 1`, "one behind another"},
		"publication moved":  {`UPDATE publication SET first = 1, ballots = 1`, "one behind another"},
		"after the seal":     {`UPDATE head SET sealed_at = now(); INSERT INTO batch VALUES (999, 1, 0, now(), NULL, 1, '{}')`, "nothing waits"},
	} {
		t.Run(name, func(t *testing.T) {
			r.execute(t, c.tamper)
			check, err := r.check(t)
			if err != nil || !strings.Contains(strings.Join(check.Problems, "\n"), c.want) {
				t.Errorf("problems %q, want %q, %v", check.Problems, c.want, err)
			}
			for _, table := range tables {
				r.execute(t, `DELETE FROM `+table)
				r.execute(t, `INSERT INTO `+table+` SELECT * FROM kept_`+table)
			}
			r.whole(t, 2)
		})
	}
}
