package server_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/server"
)

const slug = "courier-2"

// candidates is how many the tests' selection has.
const candidates = 12

// room is a voting room at work, its caller, and the hand that feeds it events.
type room struct {
	*voting.Client
	ctx     context.Context
	nats    *bus.Embedded
	address string // of the database, as superuser
	clock   *testkit.Clock
	deps    run.Deps
	running *run.Running
	signer  ballotlog.Signer
	inbox   *outbox.Inbox

	selection *testkit.Selection // as the other rooms tell of it
}

func key() []byte { return []byte(strings.Repeat("k", 32)) }

func setup(t testing.TB) *room {
	t.Helper()
	address := serviceURL(t)
	return start(t, testkit.NATS(t), address, address)
}

func serviceURL(t testing.TB) string {
	t.Helper()
	return testkit.ServiceURL(t, voting.Name, run.Room{Migrations: server.Migrations()}.Sets()...)
}

// start is a room on the database at address, which it reaches by way; of
// several on one database each is a replica.
func start(t testing.TB, nats *bus.Embedded, address, way string) *room {
	t.Helper()
	signer, err := ballotlog.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	return signedBy(t, signer, nats, address, way)
}

// signedBy is start with the log's keys.
func signedBy(t testing.TB, signer ballotlog.Signer, nats *bus.Embedded, address, way string) *room {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return keeping(t, blobs.In(voting.Name), signer, nats, address, way)
}

// keeping is signedBy with the store of its files.
func keeping(t testing.TB, blobs blob.Store, signer ballotlog.Signer, nats *bus.Embedded, address, way string) *room {
	t.Helper()
	// The database's clock counts, not this one.
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	db := testkit.Open(t, way, voting.Name)
	// Tests end sessions under the jobs' own connections, and those may learn of that
	// when they are closed.
	own, err := pg.Open(t.Context(), pg.Config{URL: way, Service: voting.Name, MaxOpen: job.Connections})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	deps := run.Deps{
		DB: db, Bus: testkit.Connect(t, nats, voting.Name),
		Blobs: blobs, Jobs: job.New(own, clock.Now, testkit.Log(t)), Now: clock.Now, Log: testkit.Log(t),
	}
	made, err := server.New(deps, server.Config{PseudonymKey: key(), Log: signer})
	if err != nil {
		t.Fatal(err)
	}
	inbox := &outbox.Inbox{Service: voting.Name, DB: deps.DB, Bus: deps.Bus, Log: deps.Log, Handlers: made.Handlers}
	return &room{
		running: testkit.Start(t, made, deps),
		signer:  signer,
		Client:  voting.NewClient(testkit.Connect(t, nats, "gateway")),
		ctx:     actor.WithRequest(t.Context(), "r-1"),
		nats:    nats,
		address: address,
		clock:   clock,
		deps:    deps,
		inbox:   inbox,

		selection: testkit.NewSelection(t, slug, deps.Time, inbox.Deliver),
	}
}

// book is a rulebook whose voting is v. Where v does not say when figures become
// public, they do as soon as may be.
func book(v string) string {
	if !strings.Contains(v, "publication") {
		v = `{"publication": {"every": "1s", "ballots": 1}, ` + strings.TrimPrefix(v, "{")
	}
	return `{"laurel": 1, "timezone": "Asia/Shanghai",
		"categories": [{"id": "city", "title": "city"}, {"id": "village", "title": "village"}], "voting": ` + v + `}`
}

const once = `{"voters": ["device"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live"}`

func (r *room) admitted(t testing.TB) (envs []event.Envelope) {
	t.Helper()
	for n := 1; n <= candidates; n++ {
		category := "city"
		if n%2 == 0 {
			category = "village"
		}
		envs = append(envs, r.selection.Next("nomination", fmt.Sprintf("candidate/%d", n),
			event.CandidateAdmitted{Number: n, EntryID: fmt.Sprint(n), Name: "x", Category: category}))
	}
	return envs
}

func (r *room) phase(t testing.TB, action string, closes *time.Time) event.Envelope {
	t.Helper()
	return r.selection.Next("selection", "phases", event.PhaseChanged{Phase: rulebook.PhaseVoting, Action: action, ClosesAt: closes, Candidates: candidates})
}

// open brings a selection under a rulebook to open voting.
func (r *room) open(t testing.TB, rules string) {
	t.Helper()
	r.selection.Freeze(book(rules))
	r.selection.Hand(r.admitted(t)...)
	r.selection.Hand(r.phase(t, event.Open, nil))
}

// beside opens another selection.
func (r *room) beside(t testing.TB, slug, rules string) {
	t.Helper()
	mine := r.selection
	r.selection = testkit.NewSelection(t, slug, r.deps.Time, r.inbox.Deliver)
	r.open(t, rules)
	r.selection = mine
}

func (r *room) close(t testing.TB) { t.Helper(); r.selection.Hand(r.phase(t, event.Close, nil)) }

func voter(n int) (v voting.VoterID) {
	binary.BigEndian.PutUint64(v[8:], uint64(n))
	return v
}

func ballot(n int, picks ...int) voting.Cast {
	return voting.Cast{Slug: slug, Voter: voter(n), Way: "device", Picks: picks}
}

func keyed(c voting.Cast, key string) voting.Cast { c.Key = voting.HashKey(key); return c }

// cast casts ballots in one request.
func (r *room) cast(t testing.TB, ballots ...voting.Cast) []voting.Outcome {
	t.Helper()
	out, err := r.CastBallots(r.ctx, voting.CastBallots{Ballots: ballots})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Outcomes) != len(ballots) {
		t.Fatalf("%d outcomes of %d ballots", len(out.Outcomes), len(ballots))
	}
	return out.Outcomes
}

// counted casts ballots that must all count.
func (r *room) counted(t testing.TB, ballots ...voting.Cast) []voting.Outcome {
	t.Helper()
	outcomes := r.cast(t, ballots...)
	for i, o := range outcomes {
		if o.Fault != nil || o.Receipt == "" || o.At.IsZero() {
			t.Fatalf("ballot %d was not counted: %+v", i, o)
		}
	}
	return outcomes
}

// fields are the names of the fields at fault.
func fields(f *fault.Error) (names []string) {
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	return names
}

// refused tells whether an outcome is the fault.
func refused(t testing.TB, o voting.Outcome, want *fault.Error) {
	t.Helper()
	if o.Fault == nil || !errors.Is(o.Fault, want) || o.Receipt != "" {
		t.Errorf("outcome %+v (%v), want %s", o, o.Fault, want.Code)
	}
}

// check has the ballots recounted, and gives what that found.
func (r *room) check(t testing.TB) (c voting.Check, err error) {
	t.Helper()
	ordered, err := r.OrderCheck(r.ctx, voting.Of{Slug: slug})
	if err != nil {
		return c, err
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		j, err := job.Get(r.ctx, r.deps.DB, slug, ordered.Job.ID)
		if err == nil && !j.Ended() {
			err = fmt.Errorf("the check is %+v", j)
		}
		return err
	})
	return r.CheckTally(r.ctx, voting.Of{Slug: slug})
}

// whole waits until every ballot is public, and checks the whole state: ballots
// there are exactly want.
func (r *room) whole(t testing.TB, want int) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		c, err := r.check(t)
		if err != nil {
			return err
		}
		var ballots int64
		if err := r.deps.DB.Get(&ballots, `SELECT count(*) FROM ballot JOIN voting v ON v.id = selection WHERE slug = $1`, slug); err != nil {
			return err
		}
		switch {
		case len(c.Problems) > 0:
			t.Fatalf("problems: %s", strings.Join(c.Problems, "\n"))
		case ballots != int64(want):
			t.Fatalf("%d ballots, want %d", ballots, want)
		case c.Sequenced != ballots || c.Ballots != ballots:
			return fmt.Errorf("%d ballots are public of %d, %d are told", c.Sequenced, ballots, c.Ballots)
		}
		d, err := bus.Call[outbox.Deliveries](r.ctx, r.deps.Bus, voting.Name, run.ReportDeliveries, run.Of{Slug: slug})
		if err != nil {
			return err
		}
		for _, o := range d.Outbox {
			if o.Unsent > 0 {
				return fmt.Errorf("unsent: %+v", o)
			}
		}
		return nil
	})
}

// sealed waits for the seal and gives the tally.
func (r *room) sealed(t testing.TB) voting.Tally {
	t.Helper()
	var tally voting.Tally
	testkit.Eventually(t, testkit.Patience, func() (err error) {
		if tally, err = r.GetTally(r.ctx, voting.Of{Slug: slug}); err == nil && tally.State != voting.Sealed {
			err = fmt.Errorf("state %s", tally.State)
		}
		return err
	})
	return tally
}

// made waits for a file that a job makes.
func (r *room) made(t testing.TB, ask func(context.Context, voting.Of) (voting.Exported, error)) (out voting.Exported) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() (err error) {
		if out, err = ask(r.ctx, voting.Of{Slug: slug}); err == nil && out.Job != nil {
			err = fmt.Errorf("%s is %s", out.Job.Kind, out.Job.State)
		}
		return err
	})
	return out
}

// events are what the room has published of a type, oldest first.
func events[P event.Payload](t testing.TB, r *room) (all []P) {
	t.Helper()
	var zero P
	var data [][]byte
	if err := r.deps.DB.Select(&data, `SELECT data FROM outbox WHERE slug = $1 AND name = $2 ORDER BY version`, slug, zero.EventType().Name); err != nil {
		t.Fatal(err)
	}
	for _, d := range data {
		var p P
		if err := json.Unmarshal(d, &p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// zeros is a tally in which only the given candidates have votes.
func zeros(votes map[int]int64) map[int]int64 {
	all := map[int]int64{}
	for n := 1; n <= candidates; n++ {
		all[n] = 0
	}
	maps.Copy(all, votes)
	return all
}

// execute runs a statement as the room would.
func (r *room) execute(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := r.deps.DB.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// forged is a receipt that somebody made who has not the key.
func forged() string {
	return receipt.NewKey([]byte("another")).Issue(slug, receipt.Place{Batch: 1}).String()
}
