package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const service = "selection"

// log is a room's audit log: as the room has it, and as who rules the database.
type log struct {
	*sqlx.DB
	ruler  *sqlx.DB
	signer ballotlog.Signer
	t      *testing.T
}

func newLog(t *testing.T) *log {
	t.Helper()
	address := testkit.ServiceURL(t, service, audit.Set())
	signer, err := ballotlog.NewSigner(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := &log{testkit.Open(t, address, service), testkit.Open(t, address, ""), signer, t}
	l.exec(`SET search_path = selection`)
	return l
}

// exec is the ruler's statement, on the one connection that has its settings.
func (l *log) exec(statements ...string) {
	l.t.Helper()
	l.ruler.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := l.ruler.Exec(s); err != nil {
			l.t.Fatalf("%s: %v", s, err)
		}
	}
}

func (l *log) record(n int) {
	l.t.Helper()
	ctx := actor.With(l.t.Context(), actor.Actor{Kind: actor.Staff, ID: "a-1", Name: "王芳"})
	for i := range n {
		if err := pg.InTx(ctx, l.DB, func(tx *sqlx.Tx) error {
			return audit.Record(ctx, tx, time.Now(), slug, "open_phase", "如公告\n第二行", map[string]int{"n": i})
		}); err != nil {
			l.t.Fatal(err)
		}
	}
}

// notary signs at once, again and again, until the test ends or stop is called.
func (l *log) notary() (stop func()) {
	ctx, cancel := context.WithCancel(l.t.Context())
	done := make(chan struct{})
	n := audit.Notary{DB: l.DB, Service: service, Signer: l.signer, Now: time.Now, Log: testkit.Log(l.t), Pace: time.Millisecond}
	go func() { defer close(done); _ = n.Run(ctx) }()
	return func() { cancel(); <-done }
}

func (l *log) check() audit.Report {
	l.t.Helper()
	r, err := audit.Check(l.t.Context(), l.DB, service, l.signer.Public())
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// signed waits until a head covers n entries.
func (l *log) signed(n int64) {
	l.t.Helper()
	stop := l.notary()
	defer stop()
	testkit.Eventually(l.t, testkit.Patience, func() error {
		if r := l.check(); r.Signed != n {
			return fmt.Errorf("a head covers %d entries, want %d", r.Signed, n)
		}
		return nil
	})
}

// TestChain records from many sides at once, while some give up: the chain has
// every act once, in the order of the commits, without gaps.
func TestChain(t *testing.T) {
	l := newLog(t)
	stop := l.notary()
	var g errgroup.Group
	for i := range 8 {
		g.Go(func() error {
			for n := range 10 {
				_ = pg.InTx(t.Context(), l.DB, func(tx *sqlx.Tx) error {
					if err := audit.Record(t.Context(), tx, time.Now(), slug, "open_phase", fmt.Sprint(i, n), nil); err != nil {
						return err
					}
					if n%3 == 0 {
						return fmt.Errorf("given up")
					}
					return audit.Record(t.Context(), tx, time.Now(), slug, "close_phase", "", nil)
				})
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	stop()
	l.signed(96)
	if r := l.check(); r.Entries != 96 || len(r.Problems) != 0 || !strings.HasPrefix(r.Head, "laurel/audit/selection\n96\n") {
		t.Errorf("%+v", r)
	}
}

// TestCheck_rewritten has whoever rules the database change the log in every way
// that an entry can be changed: it shows, and no head is signed over it.
func TestCheck_rewritten(t *testing.T) {
	free := []string{`SET session_replication_role = replica`}
	relink := []string{
		`DELETE FROM audit_chain`, `SELECT audit_link(a) FROM (SELECT * FROM audit ORDER BY id) a`,
	}
	for name, tt := range map[string]struct {
		statements []string
		problem    string
	}{
		"reason":        {[]string{`UPDATE audit SET reason = 'other' WHERE id = 3`}, "entry 3: its reason is not what was recorded"},
		"detail":        {[]string{`UPDATE audit SET detail = '{"n":7}' WHERE id = 3`}, "entry 3: its detail"},
		"name":          {[]string{`UPDATE audit SET name = '李强' WHERE id = 1`}, "entry 1: its name"},
		"act":           {[]string{`UPDATE audit SET act = 'close_phase' WHERE id = 3`}, "entry 3, at position 3, does not follow"},
		"time":          {[]string{`UPDATE audit SET at = at - interval '1 day' WHERE id = 3`}, "entry 3, at position 3, does not follow"},
		"selection":     {[]string{`UPDATE audit SET slug = 'other' WHERE id = 3`}, "entry 3, at position 3, does not follow"},
		"entry deleted": {[]string{`DELETE FROM audit WHERE id = 3`}, "entry 3, at position 3, is gone"},
		"both deleted":  {[]string{`DELETE FROM audit WHERE id = 3`, `DELETE FROM audit_chain WHERE entry = 3`}, "there is no entry at position 3"},
		"last deleted": {
			[]string{`DELETE FROM audit WHERE id = 5`, `DELETE FROM audit_chain WHERE entry = 5`}, "not the one whose head was signed at position 5",
		},
		"slipped in": {[]string{`
			INSERT INTO audit (at, slug, kind, actor, name, act, reason, detail, request)
			SELECT at, slug, kind, actor, name, act, reason, detail, request FROM audit WHERE id = 1`}, "1 entries are not in the chain"},
		"whole chain anew":  {append([]string{`UPDATE audit SET reason = 'other' WHERE id = 3`}, relink...), "not the one whose head was signed at position 5"},
		"chain shorter":     {append([]string{`DELETE FROM audit WHERE id > 2`}, relink...), "not the one whose head was signed at position 5"},
		"head of another":   {[]string{`UPDATE audit_head SET note = replace(note, 'selection', 'identity')`}, "the head of position 5"},
		"head moved":        {[]string{`UPDATE audit_head SET position = 4`}, "the head of position 4: it is signed for"},
		"salt exchanged":    {[]string{`UPDATE audit_chain SET salts[3] = salts[1] WHERE position = 2`}, "entry 2: its reason"},
		"erased and hashed": {[]string{`UPDATE audit_chain SET salts[3] = NULL, hashes = hashes || hashes WHERE position = 2`}, "entry 2 has 5 salts and 320 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t)
			l.record(5)
			l.signed(5)
			l.exec(append(free, tt.statements...)...)
			r := l.check()
			if got := strings.Join(r.Problems, "; "); !strings.Contains(got, tt.problem) {
				t.Errorf("found %q, want %q", got, tt.problem)
			}
		})
	}
}

// TestNotary_refuses signs nothing over a log that was changed, also where the
// chain was made anew behind the last head.
func TestNotary_refuses(t *testing.T) {
	l := newLog(t)
	l.record(5)
	l.signed(5)
	l.exec(`SET session_replication_role = replica`, `UPDATE audit SET reason = 'other' WHERE id = 3`,
		`DELETE FROM audit_chain`, `SELECT audit_link(a) FROM (SELECT * FROM audit ORDER BY id) a`)
	l.record(1)
	n := audit.Notary{DB: l.DB, Service: service, Signer: l.signer, Now: time.Now, Log: testkit.Log(t)}
	if err := n.Sign(t.Context()); err == nil || !strings.Contains(err.Error(), "does not follow") {
		t.Errorf("signed over a changed log: %v", err)
	}
	if r := l.check(); r.Signed != 5 {
		t.Errorf("a head covers %d entries", r.Signed)
	}
}

// TestErase takes a name and a reason out: nothing of them is left, and the
// chain and its heads hold.
func TestErase(t *testing.T) {
	l := newLog(t)
	l.record(3)
	l.signed(3)
	for _, field := range audit.Erasable() {
		if err := audit.Erase(t.Context(), l.DB, service, time.Now(), 2, field, "asked for"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := audit.List(t.Context(), l.DB, audit.Page{All: true})
	if err != nil || len(got) != 3+len(audit.Erasable()) {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	if e := got[1]; e.Actor+e.Name+e.Reason+e.Request != "" || string(e.Detail) != "null" || e.Act != "open_phase" {
		t.Errorf("left: %+v", e)
	}
	l.signed(int64(len(got)))
	if r := l.check(); len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
	if err := audit.Erase(t.Context(), l.DB, service, time.Now(), 99, "name", "asked for"); err == nil {
		t.Error("an entry that is not there was erased")
	}
	if err := audit.Erase(t.Context(), l.DB, service, time.Now(), 1, "act", "asked for"); err == nil {
		t.Error("an act was erased")
	}
}

// TestSet_from1 takes a log from before the chain into it.
func TestSet_from1(t *testing.T) {
	first, err := fs.ReadFile(audit.Set().FS, "00001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := audit.Set()
	old.FS = fstest.MapFS{"00001_init.sql": &fstest.MapFile{Data: first}}
	db := testkit.Service(t, service, old)
	if _, err := db.Exec(`
		INSERT INTO audit (at, slug, kind, actor, name, act, reason, detail, request)
		SELECT now(), 's-1', 'staff', 'a', 'Ann', 'open_phase', 'because', '{"a":  1}', '' FROM generate_series(1, 10)`); err != nil {
		t.Fatal(err)
	}
	if err := pg.Migrate(t.Context(), db, audit.Set()); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Check(t.Context(), db, service, ballotlog.PublicKey{})
	if err != nil || r.Entries != 10 || len(r.Problems) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestChain_vacuum records while the chain is locked as autovacuum locks it, for
// as long as it works: an entry does not wait for that, nor does a vacuum for
// entries.
func TestChain_vacuum(t *testing.T) {
	l := newLog(t)
	l.exec(`BEGIN`, `LOCK TABLE audit_chain IN SHARE UPDATE EXCLUSIVE MODE`, `LOCK TABLE audit IN SHARE UPDATE EXCLUSIVE MODE`)
	if _, err := l.Exec(`SET lock_timeout = '1ms'`); err != nil {
		t.Fatal(err)
	}
	l.SetMaxOpenConns(1)
	l.record(2)
	l.exec(`COMMIT`)
	if r := l.check(); r.Entries != 2 || len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestSet_from2 takes a log whose entries locked the table: those that come then
// do not, and follow from those before.
func TestSet_from2(t *testing.T) {
	second, err := fs.ReadFile(audit.Set().FS, "00002_chain.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(second), "CREATE FUNCTION audit_link")
	body, _, _ = strings.Cut(body, "-- +goose StatementEnd")
	l := newLog(t)
	l.exec(`CREATE OR REPLACE FUNCTION audit_link`+body, `DELETE FROM migration_audit WHERE version_id > 2`)
	l.record(2)
	if err := pg.Migrate(t.Context(), l.DB, audit.Set()); err != nil {
		t.Fatal(err)
	}
	l.exec(`BEGIN`, `LOCK TABLE audit_chain IN SHARE UPDATE EXCLUSIVE MODE`)
	l.record(2)
	l.exec(`COMMIT`)
	if r := l.check(); r.Entries != 4 || len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
}
