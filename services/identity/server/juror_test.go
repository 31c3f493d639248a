package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// experts is a panel as review tells of it.
type experts struct{ *testkit.Selection }

func (p experts) seat(account string) {
	p.Tell(event.Review, event.JurorAggregate("experts", account), event.JurorSeated{Panel: "experts", Account: account})
}

func (p experts) leave(account string) {
	p.Tell(event.Review, event.JurorAggregate("experts", account), event.JurorLeft{Panel: "experts", Account: account})
}

// consumed waits until identity has had all that was told.
func (r room) consumed(t *testing.T, p experts) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		var n int
		if err := r.DB.Get(&n, `SELECT count(*) FROM inbox`); err != nil || n == len(p.Sent) {
			return err
		}
		return fmt.Errorf("%d of %d events", n, len(p.Sent))
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

// TestJuror gives the role of a panel with a seat there and takes it with the
// seat, also what was told while identity was down, and touches no other role.
func TestJuror(t *testing.T) {
	clock, nats := testkit.NewClock(testkit.Morning()), testkit.NATS(t)
	deps := testkit.Deps(t, nats, run.Room{Name: identity.Name, Migrations: server.Migrations()}, clock)
	wired, err := wire(deps)
	if err != nil {
		t.Fatal(err)
	}
	start := func() (stop func()) {
		running, err := run.Start(testkit.Context(t), wired, deps)
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
	stop := start()
	r := in(t, &testkit.Room{Deps: deps, Clock: clock, NATS: nats, Caller: testkit.Connect(t, nats, "gateway")})
	panel := experts{testkit.NewSelection(t, "s-1", clock.Now, testkit.Publisher(testkit.Connect(t, nats, event.Review)))}
	a, b, old := r.proved(t, "a@example.org").ID, r.proved(t, "b@example.org").ID, r.proved(t, "old@example.org").ID
	grant := func(email, slug string, role identity.Role, scope string) {
		if _, err := r.GrantRole(r.ctx, identity.Change{Email: email, Grant: identity.Grant{Slug: slug, Role: role, Scope: scope}}); err != nil {
			t.Fatal(err)
		}
	}
	// By hand, and to who sat there before seats were told.
	grant("a@example.org", "s-1", identity.Juror, "other")
	grant("a@example.org", "s-1", identity.Vetter, "experts")
	grant("a@example.org", "s-2", identity.Juror, "experts")
	grant("b@example.org", "s-1", identity.Juror, "experts")
	grant("old@example.org", "s-1", identity.Juror, "experts")
	panel.seat(a)
	panel.seat(b)
	r.consumed(t, panel)
	byHand := []string{"s-1/juror/other", "s-1/vetter/experts", "s-2/juror/experts"}
	if diff := cmp.Diff(append([]string{"s-1/juror/experts"}, byHand...), r.roles(t, "a@example.org")); diff != "" {
		t.Errorf("seated (-want +got):\n%s", diff)
	}

	stop()
	panel.leave(a)
	panel.leave(b)
	panel.seat(b)
	start()
	r.consumed(t, panel)
	for email, want := range map[string][]string{
		"a@example.org": byHand, "b@example.org": {"s-1/juror/experts"}, "old@example.org": {"s-1/juror/experts"},
	} {
		if diff := cmp.Diff(want, r.roles(t, email)); diff != "" {
			t.Errorf("%s after it was down (-want +got):\n%s", email, diff)
		}
	}

	panel.leave(old) // the first that is told of them
	panel.Hand(panel.Sent...)
	r.consumed(t, panel)
	if got := r.roles(t, "old@example.org"); len(got) != 0 {
		t.Errorf("who sat there before: %v", got)
	}
	log, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{Slug: "s-1"})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		if e.Kind == actor.System && e.Actor == "event" {
			acts = append(acts, e.Name+" "+e.Act)
		}
	}
	// b had the role before the first seat: nothing changed then.
	want := []string{"review grant_role", "review revoke_role", "review revoke_role", "review grant_role", "review revoke_role"}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("audited (-want +got):\n%s", diff)
	}
}

// TestJuror_shuffled delivers what was told several times, in a random order:
// the last word on each juror holds.
func TestJuror_shuffled(t *testing.T) {
	r := setup(t)
	panel := experts{testkit.NewSelection(t, "s-1", r.Clock.Now, func(context.Context, event.Envelope) error { return nil })}
	back, gone := r.proved(t, "back@example.org").ID, r.proved(t, "gone@example.org").ID
	for _, account := range []string{back, gone, uuid.NewString(), "nobody"} { // the last two are not here
		panel.seat(account)
		panel.leave(account)
		panel.seat(account)
		panel.seat(account)
	}
	panel.leave(gone)
	deck := panel.Sent
	for range 10 {
		rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for _, env := range deck {
			if err := r.Inbox.Deliver(t.Context(), env); err != nil && !errors.Is(err, outbox.ErrNotYet) {
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

// TestJuror_refused changes no role for what review may not say: whoever has its
// password gives nobody another role, and none in all selections.
func TestJuror_refused(t *testing.T) {
	r := setup(t)
	id := r.proved(t, "a@example.org").ID
	for name, c := range map[string]struct{ publisher, slug, panel string }{
		"in all selections": {event.Review, identity.AnySelection, "experts"},
		"in none":           {event.Review, "", "experts"},
		"of no panel":       {event.Review, "s-1", ""},
		"of another room":   {event.Voting, "s-1", "experts"},
	} {
		env := testkit.Envelope(t, c.publisher, c.slug, event.JurorAggregate(c.panel, id), 1, r.Clock.Now(), event.JurorSeated{Panel: c.panel, Account: id})
		if err := r.Inbox.Deliver(t.Context(), env); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := r.roles(t, "a@example.org"); len(got) != 0 {
			t.Fatalf("%s: %v", name, got)
		}
	}
}
