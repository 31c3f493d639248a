package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// patient is a vote whose figures move each second, ten ballots at a time.
const patient = `{"voters": ["device"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live", "publication": {"every": "1s", "ballots": 10}}`

// published are the publications in their order.
type published struct {
	First   int64     `db:"first"`
	Ballots int64     `db:"ballots"`
	At      time.Time `db:"at"`
}

func (r *room) publications(t testing.TB) (all []published) {
	t.Helper()
	if err := r.deps.DB.Select(&all, `SELECT first, ballots, at FROM publication ORDER BY first`); err != nil {
		t.Fatal(err)
	}
	return all
}

// leaves reads the hashes of the whole log by its tiles.
func (l logOf) leaves(t testing.TB, size int64) (all []tlog.Hash) {
	t.Helper()
	for n := int64(0); n*256 < size; n++ {
		data, err := l.tile(tlog.Tile{H: 8, N: n, W: int(min(256, size-256*n))})
		if err != nil {
			t.Fatal(err)
		}
		hashes, err := ballotlog.Split(data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hashes...)
	}
	return all
}

// sorted tells whether the leaves of each publication are in the order of their
// hashes, whenever their ballots were cast.
func (r *room) sorted(t testing.TB, leaves []tlog.Hash) {
	t.Helper()
	for _, p := range r.publications(t) {
		for i := p.First + 1; i < p.First+p.Ballots; i++ {
			if bytes.Compare(leaves[i-1][:], leaves[i][:]) >= 0 {
				t.Errorf("leaf %d is not behind the one before, in the publication from %d", i, p.First)
			}
		}
	}
}

// TestPublication_waits casts fewer ballots than a publication takes, then one
// more: until then nothing public tells of them, and their receipts have promises
// alone. The close takes a rest that is smaller.
func TestPublication_waits(t *testing.T) {
	r := setup(t)
	r.open(t, patient)
	f := r.follow(t)
	before, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	nothing := func() {
		t.Helper()
		tally, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
		if err != nil || tally.Version != before.Version || !tally.At.Equal(before.At) || tally.Ballots != before.Ballots {
			t.Fatalf("the tally moved from %+v to %+v, %v", before, tally, err)
		}
		l, head := r.log(t, before.Ballots)
		if _, err := l.tile(tlog.Tile{H: 8, W: int(head.N) + 1}); !errors.Is(err, voting.ErrNoTile) {
			t.Errorf("a tile wider than the log: %v", err)
		}
		check, err := r.check(t)
		if err != nil || check.Ballots != before.Ballots || check.Sequenced != before.Ballots || len(check.Problems) > 0 {
			t.Errorf("check %+v, %v", check, err)
		}
	}
	var cast []voting.Outcome
	for n := range 9 {
		cast = append(cast, r.counted(t, ballot(n, 1+n))...)
	}
	r.folded(t, 9)
	pause.For(t.Context(), 1500*time.Millisecond) // the interval is over, too
	nothing()
	for _, s := range f.all() {
		if s.Ballots != 0 {
			t.Errorf("a snapshot tells of %d ballots", s.Ballots)
		}
	}
	if told := events[event.BallotsCounted](t, r); len(told) > 0 {
		t.Errorf("events tell %+v", told)
	}
	key := r.signer.Public()
	for i, o := range cast {
		got, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: o.Receipt})
		if err != nil || got.Index != nil || got.Evidence.Proof != nil {
			t.Fatalf("receipt %+v, %v", got, err)
		}
		b, err := got.Evidence.Check(key, slug, 0)
		if err != nil || b.Picks[0] != 1+i {
			t.Errorf("promise of %+v: %v", b, err)
		}
		// Of nine ballots that were committed together or one after another, no
		// promise tells which others there were, or when.
		if len(got.Evidence.Promise.Path) > 0 || !strings.HasPrefix(got.Evidence.Promise.Head, "laurel/"+slug+"/promise/once\n1\n") {
			t.Errorf("a promise tells of others: %+v", got.Evidence.Promise)
		}
	}
	r.selection.Strike(12, "withdrew") // it leaves at once; the others' counts stay
	tally, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
	if _, there := tally.Votes[12]; err != nil || there || tally.Votes[1] != 0 || tally.Ballots != 0 {
		t.Errorf("after a strike: %+v, %v", tally, err)
	}
	cast = append(cast, r.counted(t, ballot(9, 10))...)
	l, _ := r.log(t, 10)
	l.proven(t, cast...)
	if before, err = r.GetTally(r.ctx, voting.Of{Slug: slug}); err != nil || before.Ballots != 10 || before.Votes[1] != 1 || before.Votes[10] != 1 {
		t.Errorf("tally %+v, %v", before, err)
	}
	last := r.counted(t, ballot(10, 1), ballot(11, 2))
	r.folded(t, 12)
	pause.For(t.Context(), 1500*time.Millisecond)
	nothing()
	r.close(t)
	if tally := r.sealed(t); tally.Ballots != 12 || tally.Votes[1] != 2 {
		t.Errorf("sealed %+v", tally)
	}
	l, _ = r.log(t, 12)
	l.proven(t, append(cast, last...)...)
	r.sorted(t, l.leaves(t, 12))
	r.whole(t, 12)
}

// folded waits until so many ballots are in the tally, which is nobody's to see.
func (r *room) folded(t testing.TB, n int64) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		var counted int64
		err := r.deps.DB.Get(&counted, `SELECT next_index FROM head JOIN voting ON id = selection WHERE slug = $1`, slug)
		if err == nil && counted != n {
			err = fmt.Errorf("%d ballots counted of %d", counted, n)
		}
		return err
	})
}

// TestPublication_killed has two replicas whose sessions are ended again and
// again, between folds and publications and within them: every publication has
// its interval and its least number, all that is public is as one of them left it,
// and in the end the log has each ballot once.
func TestPublication_killed(t *testing.T) {
	r := setup(t)
	start(t, r.nats, r.address, r.address)
	r.open(t, patient)
	killer := testkit.Open(t, r.address, "")
	const ballots = 400
	receipts := make([]string, ballots)
	seen := map[int64]bool{}
	var g errgroup.Group
	g.Go(func() error {
		for n := range ballots {
			code, err := r.persist(keyed(ballot(n, 1+n%candidates), fmt.Sprint("key-", n)))
			if err != nil {
				return err
			}
			receipts[n] = code
			pause.For(t.Context(), time.Duration(rand.IntN(25))*time.Millisecond)
		}
		return nil
	})
	done := make(chan error)
	go func() { done <- g.Wait() }()
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		case <-time.After(time.Duration(100+rand.IntN(500)) * time.Millisecond):
		}
		if tally, err := r.GetTally(r.ctx, voting.Of{Slug: slug}); err == nil {
			seen[tally.Ballots] = true
		}
		if c, err := r.GetCheckpoint(r.ctx, voting.Of{Slug: slug}); err == nil {
			seen[c.Size] = true
		}
		if _, err := killer.ExecContext(t.Context(), `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'laurel-voting'`); err != nil {
			t.Fatal(err)
		}
	}
	env := r.phase(t, event.Close, nil)
	testkit.Eventually(t, testkit.Patience, func() error { return r.inbox.Deliver(t.Context(), env) }) // on a session that lives
	r.sealed(t)
	r.whole(t, ballots)
	all := r.publications(t)
	ends := map[int64]bool{0: true}
	for i, p := range all {
		ends[p.First+p.Ballots] = true
		last := i == len(all)-1
		if !last && p.Ballots < 10 {
			t.Errorf("a publication of %d ballots", p.Ballots)
		}
		if i > 0 && !last && p.At.Sub(all[i-1].At) < time.Second {
			t.Errorf("publications at %s and %s", all[i-1].At, p.At)
		}
	}
	if len(all) < 3 {
		t.Errorf("%d publications", len(all))
	}
	for size := range seen {
		if !ends[size] {
			t.Errorf("%d ballots were public between two publications", size)
		}
	}
	l, _ := r.log(t, ballots)
	r.sorted(t, l.leaves(t, ballots))
	r.indexed(t, receipts)
}

// toldBefore is what anybody could read of testdata/00005.sql.
type toldBefore struct {
	Checkpoint voting.Checkpoint
	Receipts   []struct {
		Receipt  string
		Index    int64
		Batch    int64
		Evidence ballotlog.Receipt
	}
}

// TestPublication_oldLog goes on with a log of the version before, in which ballots
// lie as they were counted: what was told of it holds, old receipts open and are
// found where they were, and the log grows behind.
func TestPublication_oldLog(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"00001_init.sql", "00002_log.sql", "00003_cast.sql", "00004_plan.sql", "00005_body.sql"} {
		text, err := os.ReadFile("../migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	address := testkit.ServiceURL(t, voting.Name, run.Room{Migrations: []pg.Set{phase.Set(), {Table: "migration", FS: files}}}.Sets()...)
	db := testkit.Open(t, address, voting.Name)
	fixture, err := os.ReadFile("../migrations/testdata/00005.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(fixture)); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), db, migrations.Set()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE head SET log_size = log_size + 1`); err == nil {
		t.Error("a sequencer of the version before may move the log")
	}
	var told toldBefore
	text, err := os.ReadFile("testdata/receipts_00005.json")
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	if err != nil {
		t.Fatal(err)
	}

	r := start(t, testkit.NATS(t), address, address)
	r.selection.NextFrozen(book(once)) // the versions that it is at
	r.phase(t, event.Open, nil)
	l, head := r.log(t, told.Checkpoint.Size)
	if old, err := l.key.Open(told.Checkpoint.Checkpoint); err != nil || old.Tree != head.Tree {
		t.Fatalf("the log was %+v, is %+v, %v", old, head, err)
	}
	hold := func() {
		t.Helper()
		for _, was := range told.Receipts {
			code, err := receipt.Parse(was.Receipt)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := was.Evidence.Check(l.key, slug, code.OldBatch()); err != nil {
				t.Errorf("what was told of the receipt %s: %v", was.Receipt, err)
			}
			got, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: was.Receipt})
			if err != nil || got.Index == nil || *got.Index != was.Index || got.Evidence.Leaf != was.Evidence.Leaf {
				t.Errorf("receipt %s was %+v, is %+v, %v", was.Receipt, was, got, err)
			}
			l.proven(t, voting.Outcome{Receipt: was.Receipt})
		}
	}
	hold()
	if check, err := r.check(t); err != nil || len(check.Problems) > 0 || check.Ballots != told.Checkpoint.Size {
		t.Errorf("check %+v, %v", check, err)
	}

	early := r.cities(t, 10_000, 9, 1) // one fewer than a rulebook that does not say asks for
	r.folded(t, told.Checkpoint.Size+9)
	r.log(t, told.Checkpoint.Size)
	late := r.cities(t, 20_000, 41, 41)
	size := told.Checkpoint.Size + 50
	_, head = r.log(t, size)
	hold()
	l.proven(t, append(early, late...)...)
	leaves := l.leaves(t, size)
	r.sorted(t, leaves)
	path, err := ballotlog.Tiles(l.tile).ProveGrowth(head.Tree, told.Checkpoint.Size)
	if err == nil {
		var old ballotlog.Head
		if old, err = l.key.Open(told.Checkpoint.Checkpoint); err == nil {
			err = ballotlog.CheckGrowth(path, head.Tree, old.Tree)
		}
	}
	if err != nil {
		t.Error(err)
	}
	r.close(t)
	tally := r.sealed(t)
	out := r.made(t, r.ExportLeaves)
	recount, err := ballotlog.Count(strings.NewReader(r.blob(t, out.Blob)), ballotlog.Rules{Min: 1, Max: 3})
	if err == nil {
		err = errors.Join(recount.CheckHead(head), recount.CheckVotes(tally.Votes, nil))
	}
	if err != nil {
		t.Error(err)
	}
	r.whole(t, int(size))
}
