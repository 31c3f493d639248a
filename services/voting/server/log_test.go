package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// logOf is a reader from outside: it has the client and the public key.
type logOf struct {
	*room
	key ballotlog.PublicKey
}

// log waits until the ballot log holds so many leaves.
func (r *room) log(t testing.TB, size int64) (logOf, ballotlog.Head) {
	t.Helper()
	l := logOf{room: r}
	var head ballotlog.Head
	testkit.Eventually(t, testkit.Patience, func() error {
		c, err := r.GetCheckpoint(r.ctx, voting.Of{Slug: slug})
		if err != nil {
			return err
		}
		if l.key, err = ballotlog.ParsePublicKey(c.Key); err != nil {
			t.Fatal(err)
		}
		if head, err = l.key.Open(c.Checkpoint); err != nil || head.N != c.Size || head.Origin != ballotlog.CheckpointOrigin(slug) {
			t.Fatalf("checkpoint %+v is %+v, %v", c, head, err)
		}
		if c.Size != size {
			return fmt.Errorf("%d leaves, want %d", c.Size, size)
		}
		return nil
	})
	return l, head
}

func (l logOf) tile(tile tlog.Tile) ([]byte, error) {
	got, err := l.GetTile(l.ctx, voting.TileOf{Slug: slug, Path: ballotlog.TilePath(tile)})
	return got.Hashes, err
}

// proven finds each receipt's ballot in the log.
func (l logOf) proven(t *testing.T, outcomes ...voting.Outcome) {
	t.Helper()
	for _, o := range outcomes {
		got, err := l.GetReceipt(l.ctx, voting.GetReceipt{Slug: slug, Receipt: o.Receipt})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := got.Evidence.Check(l.key, slug, 0); err != nil {
			t.Fatalf("receipt %s: %v", o.Receipt, err)
		}
		if got.Evidence.Proof == nil || got.Index == nil || got.Evidence.Proof.Index != *got.Index {
			t.Fatalf("receipt %s has no proof: %+v", o.Receipt, got)
		}
	}
}

// cities are n ballots, one in each request of each.
func (r *room) cities(t *testing.T, first, n, each int) (outcomes []voting.Outcome) {
	t.Helper()
	for n > 0 {
		in := make([]voting.Cast, min(each, n))
		for i := range in {
			in[i] = ballot(first+i, 1+i%candidates)
		}
		outcomes = append(outcomes, r.counted(t, in...)...)
		first, n = first+len(in), n-len(in)
	}
	return outcomes
}

// TestLog grows a log past two levels of tiles from batches of several sizes,
// and proves receipts, growth, and the leaves of the export.
func TestLog(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	empty, head := r.log(t, 0)
	early := r.cities(t, 0, 5, 1)
	l, first := r.log(t, 5)
	l.proven(t, early...)
	if _, err := empty.tile(tlog.Tile{H: 8, W: 6}); !errors.Is(err, voting.ErrNoTile) {
		t.Errorf("a tile wider than the log: %v", err)
	}
	late := r.cities(t, 5, 695, 97)
	_, last := r.log(t, 700)
	l.proven(t, early...)
	l.proven(t, late[:3]...)
	l.proven(t, late[250:253]...)
	l.proven(t, late[len(late)-1])
	for _, older := range []ballotlog.Head{head, first, last} {
		var path tlog.TreeProof
		if older.N > 0 {
			var err error
			if path, err = ballotlog.Tiles(l.tile).ProveGrowth(last.Tree, older.N); err != nil {
				t.Fatal(err)
			}
		}
		if err := ballotlog.CheckGrowth(path, last.Tree, older.Tree); err != nil {
			t.Errorf("from %d leaves: %v", older.N, err)
		}
	}
	if _, err := r.ExportLeaves(r.ctx, voting.Of{Slug: slug}); !errors.Is(err, voting.ErrUnsealed) {
		t.Errorf("leaves of an open vote: %v", err)
	}
	r.whole(t, 700)
	r.close(t)
	tally := r.sealed(t)
	for range 2 { // the second time from what was kept
		out := r.made(t, r.ExportLeaves)
		if out.Rows != 700 {
			t.Fatalf("%+v", out)
		}
		recount, err := ballotlog.Count(strings.NewReader(r.blob(t, out.Blob)), ballotlog.Rules{Min: 1, Max: 3})
		if err == nil {
			err = errors.Join(recount.CheckHead(last), recount.CheckVotes(tally.Votes, nil))
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func TestTile_unknown(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.cities(t, 0, 3, 3)
	r.log(t, 3)
	for _, path := range []string{"", "0", "0/000", "0/000.p/4", "0/001.p/1", "1/000.p/1", "data/000", "0/000.p/0", "../0/000", strings.Repeat("9", 300)} {
		if got, err := r.GetTile(r.ctx, voting.TileOf{Slug: slug, Path: path}); !errors.Is(err, voting.ErrNoTile) {
			t.Errorf("tile %.20q: %+v, %v", path, got, err)
		}
	}
	if _, err := r.GetTile(r.ctx, voting.TileOf{Slug: "other", Path: "0/000.p/1"}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("of a selection that is not here: %v", err)
	}
	if _, err := r.GetCheckpoint(r.ctx, voting.Of{Slug: "other"}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("checkpoint of a selection that is not here: %v", err)
	}
}

// TestLog_hidden looks for what the log must not tell of an open vote.
func TestLog_hidden(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "hidden"}`)
	r.counted(t, ballot(1, 7))
	l, _ := r.log(t, 1)
	data, err := l.tile(tlog.Tile{H: 8, W: 1})
	if err != nil {
		t.Fatal(err)
	}
	// Whoever knows period and picks still lacks pseudonym and salt.
	guess := ballotlog.Ballot{Period: "once", Picks: []int{7}}
	if h := ballotlog.Hash(guess.Append(nil)); bytes.Equal(h[:], data) {
		t.Error("a leaf can be guessed")
	}
	if _, err := r.ExportLeaves(r.ctx, voting.Of{Slug: slug}); !errors.Is(err, voting.ErrUnsealed) {
		t.Errorf("leaves of an open vote: %v", err)
	}
}

// TestMigration gives ballots from before the log their leaves; then they are
// published.
func TestMigration(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"min": 1, "max": 3}, "counts": "live"}`)
	r.counted(t, ballot(1, 3, 1), ballot(2, 12))
	r.counted(t, ballot(3, 2))
	r.log(t, 3)
	leaves := func() (all []string) {
		if err := r.deps.DB.Select(&all, `SELECT encode(leaves, 'hex') FROM batch_body ORDER BY batch`); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := leaves()
	r.migrateAgain(t)
	if diff := cmp.Diff(before, leaves()); diff != "" {
		t.Errorf("leaves (-before +made from old ballots):\n%s", diff)
	}
	r.whole(t, 3)
}

// migrateAgain takes the log away and lets the migration make it of what
// ballots there are. Another room takes over, which remembers nothing.
func (r *room) migrateAgain(t testing.TB) {
	t.Helper()
	if err := r.running.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.execute(t, `
		DELETE FROM migration WHERE version_id >= 2;
		DROP FUNCTION cast_ballots, cast_ballots_of_many;
		ALTER TABLE batch ADD COLUMN candidates smallint[], ADD COLUMN votes int[];
		UPDATE batch b SET candidates = k.candidates, votes = k.votes FROM batch_body k WHERE k.batch = b.id;
		DROP TABLE batch_body;
		ALTER TABLE head DROP COLUMN log_size, DROP COLUMN edge, DROP COLUMN checkpoint, DROP COLUMN published;
		ALTER TABLE tally DROP COLUMN published;
		DROP TABLE subtree, tile, publication;
		DROP TABLE replaced_code;
		ALTER TABLE voting DROP COLUMN replaced, DROP COLUMN roster_ballots;
		DELETE FROM outbox WHERE name = 'ballots_counted'`)
	if err := pg.Migrate(t.Context(), r.deps.DB, migrations.Set()); err != nil {
		t.Fatal(err)
	}
	r.running = r.replica(t, key(), r.signer)
}

// TestLog_tampered: a sequencer does not extend a log that is not the one it
// signed, and the check finds every change.
func TestLog_tampered(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.cities(t, 0, 300, 100)
	r.log(t, 300)
	r.whole(t, 300)
	tables := []string{"ballot", "batch", "batch_body", "head", "subtree", "tile", "publication"}
	for _, table := range tables {
		r.execute(t, `CREATE TABLE kept_`+table+` AS TABLE `+table)
	}
	for name, tamper := range map[string]string{
		"leaf":       `UPDATE batch_body SET leaves = set_byte(leaves, 0, get_byte(leaves, 0) # 1) WHERE batch = (SELECT id FROM batch WHERE first_index = 100)`,
		"voters":     `UPDATE batch_body SET voters = set_byte(voters, 0, get_byte(voters, 0) # 1) WHERE batch = (SELECT id FROM batch WHERE first_index = 100)`,
		"no body":    `DELETE FROM batch_body WHERE batch = (SELECT id FROM batch WHERE first_index = 100)`,
		"edge":       `UPDATE head SET edge = set_byte(edge, 0, get_byte(edge, 0) # 1)`,
		"size":       `UPDATE head SET log_size = 299, published = 299`,
		"begun anew": `UPDATE head SET edge = '', log_size = 0, published = 0`,
		"subtree":    `UPDATE subtree SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1)`,
		"tile":       `UPDATE tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE number = 1`,
		"no tile":    `DELETE FROM tile WHERE number = 1`,
		"more tiles": `INSERT INTO tile SELECT selection, 2, hashes FROM tile WHERE number = 1`,
		"unsorted":   `DELETE FROM publication`,
		"no subtree": `DELETE FROM subtree`,
		"salt":       `UPDATE ballot SET salt = set_byte(salt, 0, get_byte(salt, 0) # 1) WHERE rank = 5`,
	} {
		t.Run(name, func(t *testing.T) {
			r.execute(t, tamper)
			check, err := r.check(t)
			if err != nil || !strings.Contains(strings.Join(check.Problems, "\n"), "log = ballots") {
				t.Errorf("problems %q, %v", check.Problems, err)
			}
			for _, table := range tables {
				r.execute(t, `DELETE FROM `+table)
				r.execute(t, `INSERT INTO `+table+` SELECT * FROM kept_`+table)
			}
			r.whole(t, 300)
		})
	}
}
