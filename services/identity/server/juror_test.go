package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

const slug = "s-1"

// panels is a review room as far as identity sees it: an outbox and its relay.
type panels struct{ db *sqlx.DB }

func newPanels(t *testing.T, nats *bus.Embedded) panels {
	t.Helper()
	p := panels{testkit.Service(t, event.Review, outbox.Set())}
	relay := &outbox.Relay{Service: event.Review, DB: p.db, Bus: testkit.Connect(t, nats, event.Review), Log: testkit.Log(t)}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = relay.Run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })
	return p
}

func (p panels) tell(t *testing.T, panel, account string, e event.Payload) {
	t.Helper()
	ctx := actor.WithRequest(t.Context(), "r-seats")
	if err := pg.InTx(ctx, p.db, func(tx *sqlx.Tx) error {
		return outbox.Append(ctx, tx, time.Now(), slug, event.JurorAggregate(panel, account), e)
	}); err != nil {
		t.Fatal(err)
	}
}

func (p panels) seated(t *testing.T, panel, account string) {
	t.Helper()
	p.tell(t, panel, account, event.JurorSeated{Panel: panel, Account: account})
}

func (p panels) left(t *testing.T, panel, account string) {
	t.Helper()
	p.tell(t, panel, account, event.JurorLeft{Panel: panel, Account: account})
}

// consumed waits until identity has had all that was told.
func (r room) consumed(t *testing.T, p panels) {
	t.Helper()
	testkit.Eventually(t, 30*time.Second, func() error {
		sent, err := outbox.Report(t.Context(), p.db, event.Review, slug)
		if err != nil {
			return err
		}
		got, err := outbox.Report(t.Context(), r.deps.DB, event.Identity, slug)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(sent.Outbox, got.Inbox); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

// roles are an account's, as selection/role/scope.
func (r room) roles(t *testing.T, email string) (roles []string) {
	t.Helper()
	a, err := r.FindAccount(r.ctx, identity.Lookup{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range a.Grants {
		roles = append(roles, fmt.Sprintf("%s/%s/%s", g.Slug, g.Role, g.Scope))
	}
	return roles
}

func (r room) grant(t *testing.T, email string, g identity.Grant) {
	t.Helper()
	if _, err := r.GrantRole(r.ctx, identity.Change{Email: email, Grant: g}); err != nil {
		t.Fatal(err)
	}
}

// start brings a room to work until stop, or the end of the test.
func (r room) start(t *testing.T, wired run.Room) (stop func()) {
	t.Helper()
	running, err := run.Start(t.Context(), wired, r.deps)
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := running.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// TestJuror gives the role of a panel with a seat there and takes it with the
// seat, also what was told while identity was down, and touches no other role.
func TestJuror(t *testing.T) {
	nats := testkit.NATS(t)
	r, wired := wire(t, nats)
	stop := r.start(t, wired)
	review := newPanels(t, nats)
	a, b, old := r.account(t, "a@example.org").ID, r.account(t, "b@example.org").ID, r.account(t, "old@example.org").ID
	// What was granted by hand, and to whom sat there before seats were told.
	r.grant(t, "a@example.org", identity.Grant{Slug: slug, Role: identity.Juror, Scope: "other"})
	r.grant(t, "a@example.org", identity.Grant{Slug: slug, Role: identity.Vetter, Scope: "experts"})
	r.grant(t, "a@example.org", identity.Grant{Slug: "s-2", Role: identity.Juror, Scope: "experts"})
	r.grant(t, "old@example.org", identity.Grant{Slug: slug, Role: identity.Juror, Scope: "experts"})
	r.grant(t, "b@example.org", identity.Grant{Slug: slug, Role: identity.Juror, Scope: "experts"})
	for _, account := range []string{a, b} {
		review.seated(t, "experts", account)
	}
	r.consumed(t, review)
	byHand := []string{"s-1/juror/other", "s-1/vetter/experts", "s-2/juror/experts"}
	if diff := cmp.Diff(append([]string{"s-1/juror/experts"}, byHand...), r.roles(t, "a@example.org")); diff != "" {
		t.Errorf("seated (-want +got):\n%s", diff)
	}

	stop()
	review.left(t, "experts", a)
	review.left(t, "experts", b)
	review.seated(t, "experts", b)
	r.start(t, wired)
	r.consumed(t, review)
	for email, want := range map[string][]string{
		"a@example.org": byHand, "b@example.org": {"s-1/juror/experts"}, "old@example.org": {"s-1/juror/experts"},
	} {
		if diff := cmp.Diff(want, r.roles(t, email)); diff != "" {
			t.Errorf("%s after it was down (-want +got):\n%s", email, diff)
		}
	}

	review.left(t, "experts", old) // the first that is told of them
	r.consumed(t, review)
	if got := r.roles(t, "old@example.org"); len(got) != 0 {
		t.Errorf("who sat there before: %v", got)
	}
	log, err := bus.Call[[]audit.Entry](r.ctx, r.bus, identity.Name, run.ListAudit, audit.Page{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		if e.Kind == actor.System && e.Actor == "event" {
			acts = append(acts, fmt.Sprintf("%s %s %s", e.Name, e.Act, e.Request))
		}
	}
	// b had the role before the first seat: nothing changed then.
	want := []string{
		"review grant_role r-seats", "review revoke_role r-seats", "review revoke_role r-seats", "review grant_role r-seats", "review revoke_role r-seats",
	}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("audited (-want +got):\n%s", diff)
	}
}

// TestJuror_shuffled delivers what was told several times, in a random order:
// the last word on each juror holds.
func TestJuror_shuffled(t *testing.T) {
	r, wired := wire(t, testkit.NATS(t))
	r.start(t, wired)
	inbox := &outbox.Inbox{Service: identity.Name, DB: r.deps.DB, Log: r.deps.Log, Handlers: wired.Handlers}
	back, gone := r.account(t, "back@example.org").ID, r.account(t, "gone@example.org").ID
	var deck []event.Envelope
	tell := func(account string, version int64, e event.Payload) {
		deck = append(deck, testkit.Envelope(t, event.Review, slug, event.JurorAggregate("experts", account), version, r.clock.Now(), e))
	}
	for _, account := range []string{back, gone, uuid.NewString(), "nobody"} { // the last two are not here
		tell(account, 1, event.JurorSeated{Panel: "experts", Account: account})
		tell(account, 2, event.JurorLeft{Panel: "experts", Account: account})
		tell(account, 3, event.JurorSeated{Panel: "experts", Account: account})
		tell(account, 4, event.JurorSeated{Panel: "experts", Account: account})
	}
	tell(gone, 5, event.JurorLeft{Panel: "experts", Account: gone})
	for range 10 {
		rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for _, env := range deck {
			if err := inbox.Deliver(t.Context(), env); err != nil && !errors.Is(err, outbox.ErrNotYet) {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff([]string{"s-1/juror/experts"}, r.roles(t, "back@example.org")); diff != "" {
		t.Errorf("who is back (-want +got):\n%s", diff)
	}
	if got := r.roles(t, "gone@example.org"); len(got) != 0 {
		t.Errorf("who has left: %v", got)
	}
}
