package app_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

const slug = "most-beautiful-courier-2"

// services are fakes: an account for every email, whose session's token and id
// are the email. What a test does not write panics.
type services struct {
	identity.Service

	mu     sync.Mutex
	grants map[string][]identity.Grant
	asked  int // how often for the list of staff
	heard  int // after how many of them identity has heard of the jurors
	seated []string
}

func (s *services) account(email string) identity.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return identity.Account{ID: email, Email: email, Grants: s.grants[email]}
}

func (s *services) give(email string, g identity.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[email] = append(s.grants[email], g)
}

func (s *services) Authenticate(_ context.Context, in identity.Token) (identity.Account, error) {
	return s.account(in.Token), nil
}

func (s *services) FindAccount(_ context.Context, in identity.Lookup) (identity.Account, error) {
	return s.account(in.Email), nil
}

func (s *services) ListStaff(_ context.Context, in identity.ListStaff) (staff []identity.Account, err error) {
	if s.asked++; s.asked > s.heard {
		for _, email := range s.seated {
			staff = append(staff, identity.Account{ID: email, Grants: []identity.Grant{{Slug: in.Slug, Role: identity.Juror, Scope: "experts"}}})
		}
	}
	return staff, nil
}

// panels takes every panel.
type panels struct {
	review.Service

	of *services
}

func (p panels) SeatPanel(_ context.Context, in review.SeatPanel) (review.Panel, error) {
	for _, j := range in.Jurors {
		p.of.seated = append(p.of.seated, j.ID)
	}
	return review.Panel{ID: in.Panel}, nil
}

func (p panels) UnseatJuror(_ context.Context, in review.UnseatJuror) (review.Panel, error) {
	return review.Panel{ID: in.Panel}, nil
}

func (p panels) ListAssignments(context.Context, review.OfPanel) ([]review.Assignment, error) {
	return []review.Assignment{}, nil
}

// public has one selection, whose result is public from some time on.
type public struct {
	selection.Service

	published *time.Time
}

func (p *public) GetSelection(_ context.Context, in selection.Of) (selection.Selection, error) {
	return selection.Selection{Slug: in.Slug, FrozenAt: &time.Time{}, PublishedAt: p.published}, nil
}

// GetResults is of a result that names no file of candidates.
func (p *public) GetResults(_ context.Context, in selection.Of) (selection.Results, error) {
	return selection.Results{Slug: in.Slug}, nil
}

type list struct{ nomination.Service }

func (list) ListCandidates(_ context.Context, in nomination.ListCandidates) ([]nomination.Candidate, error) {
	if in.After > 0 {
		return nil, nil
	}
	return []nomination.Candidate{{Number: 1, Name: "马晓燕"}, {Number: 2, Struck: true}}, nil
}

func setup(t *testing.T, wait time.Duration) (*app.App, *services, *public, *testkit.Clock) {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, p := &services{grants: map[string][]identity.Grant{}}, &public{}
	s.give("organizer", identity.Grant{Slug: slug, Role: identity.Organizer})
	clock := testkit.NewClock(time.Date(2026, 5, 4, 2, 30, 0, 0, time.UTC))
	a := app.New(app.Services{
		Identity: s, Selection: p, Nomination: list{}, Review: panels{of: s}, Voting: voting.NewClient(nil),
	}, nil, blobs, app.Config{
		CredentialKey: credential.Key(strings.Repeat("k", 32)), Limits: app.DefaultLimits(), PhaseWait: wait, Now: clock.Now, Log: testkit.Log(t),
	})
	return a, s, p, clock
}

func as(t *testing.T, token string) context.Context {
	t.Helper()
	return app.WithCaller(t.Context(), app.Caller{Address: "192.0.2.1", Token: token})
}

// TestApp_freshRole asks identity again before it refuses, so that a role which
// was given a moment ago is good.
func TestApp_freshRole(t *testing.T) {
	a, s, _, _ := setup(t, 0)
	of := review.OfPanel{Slug: slug, Panel: "experts"}
	if _, err := a.Sheets(as(t, "juror"), of); !fault.HasCode(err, "role_missing") {
		t.Fatalf("without the role: %v", err)
	}
	s.give("juror", identity.Grant{Slug: slug, Role: identity.Juror, Scope: "experts"})
	if _, err := a.Sheets(as(t, "juror"), of); err != nil {
		t.Errorf("with the role: %v", err)
	}
	if _, err := a.Sheets(as(t, "juror"), review.OfPanel{Slug: slug, Panel: "laymen"}); !fault.HasCode(err, "role_missing") {
		t.Errorf("in another panel: %v", err)
	}
	if _, err := a.Sheets(as(t, ""), of); !fault.HasCode(err, "session_missing") {
		t.Errorf("nobody: %v", err)
	}
}

// TestApp_SeatPanel answers when identity has heard of the jurors, or after a
// while all the same; it gives no role itself.
func TestApp_SeatPanel(t *testing.T) {
	seat := gateway.SeatPanel{Jurors: []string{"a", "b"}}
	of := review.OfPanel{Slug: slug, Panel: "experts"}
	a, s, _, _ := setup(t, testkit.Patience)
	s.heard = 3
	if _, err := a.SeatPanel(as(t, "organizer"), of, seat); err != nil || s.asked != 4 {
		t.Errorf("%v, after asking %d times", err, s.asked)
	}
	a, s, _, _ = setup(t, time.Millisecond)
	s.heard = 1 << 30
	if _, err := a.SeatPanel(as(t, "organizer"), of, seat); err != nil || s.asked == 0 {
		t.Errorf("identity does not hear of it: %v, after asking %d times", err, s.asked)
	}
	before := s.asked
	left := gateway.UnseatJuror{Juror: "a", Sheets: gateway.KeepSheets, Reason: "ill"}
	if _, err := a.UnseatJuror(as(t, "organizer"), of, left); err != nil || s.asked != before {
		t.Errorf("a departure: %v, and %d questions", err, s.asked-before)
	}
}

// TestApp_published opens the files to everybody once the result is public.
func TestApp_published(t *testing.T) {
	a, _, p, clock := setup(t, 0)
	export := func() error {
		file, err := a.Export(as(t, ""), slug, gateway.FileCandidates)
		if err == nil {
			err = file.Body.Close()
		}
		return err
	}
	if err := export(); !fault.HasCode(err, "session_missing") {
		t.Errorf("before the publication: %v", err)
	}
	at := clock.Now()
	p.published = &at
	clock.Advance(time.Minute) // what is kept is old
	if err := export(); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// TestOrdered is one order for one visitor, and struck candidates come last.
func TestOrdered(t *testing.T) {
	candidates := make([]nomination.Candidate, 30)
	for i := range candidates {
		candidates[i] = nomination.Candidate{Number: i + 1, Struck: i == 4}
	}
	first := map[int]bool{}
	for _, seed := range strings.Split("abcdefghijklmnop", "") {
		fair := app.Ordered(candidates, gateway.OrderFair, seed, slug)
		again := app.Ordered(candidates, "", seed, slug) // nothing said is fair
		for i := range fair {
			if fair[i].Number != again[i].Number {
				t.Fatalf("seed %s: two orders", seed)
			}
		}
		if fair[29].Number != 5 {
			t.Errorf("seed %s: the struck one is not the last", seed)
		}
		first[fair[0].Number] = true
	}
	if len(first) < 5 {
		t.Errorf("of 16 visitors all see one of %d first", len(first))
	}
	if byNumber := app.Ordered(candidates, gateway.OrderNumber, "a", slug); byNumber[0].Number != 1 || byNumber[28].Number != 30 {
		t.Error("by number is not by number")
	}
}

// TestOrders is balanced: over all orders each candidate stands in each place equally
// often, and comes next behind each other one equally often. Who is struck is last
// in all of them.
func TestOrders(t *testing.T) {
	for n := 1; n <= 33; n++ {
		list := make([]nomination.Candidate, n+1)
		for i := range list {
			list[i] = nomination.Candidate{Number: i + 1, Struck: i == n/2}
		}
		orders := app.Orders(list)
		places, behind := map[[2]int]int{}, map[[2]int]int{}
		for i := range orders {
			order := app.InOrder(list, i, slug)
			if last := order[n]; last.Number != n/2+1 {
				t.Fatalf("of %d: the struck one is not the last: %v", n, order)
			}
			for place, c := range order[:n] {
				places[[2]int{c.Number, place}]++
				if place > 0 {
					behind[[2]int{order[place-1].Number, c.Number}]++
				}
			}
		}
		for what, all := range map[string]map[[2]int]int{"places": places, "pairs": behind} {
			each := orders / n
			if what == "pairs" && len(all) != n*(n-1) || what == "places" && len(all) != n*n {
				t.Errorf("of %d: %d %s", n, len(all), what)
			}
			for at, times := range all {
				if times != each {
					t.Fatalf("of %d: %s %v %d times, want %d", n, what, at, times, each)
				}
			}
		}
	}
	seeds := map[int]bool{}
	list := make([]nomination.Candidate, 8)
	for i := range 1000 {
		seeds[app.OrderOf(list, strconv.Itoa(i), slug)] = true
	}
	if len(seeds) != 8 {
		t.Errorf("a thousand visitors meet %d of 8 orders", len(seeds))
	}
}

// TestRules names in each rule somebody, and a scope where it matters alone.
func TestRules(t *testing.T) {
	for act, r := range app.Rules() {
		if r.Who == app.NobodyElse && len(r.Roles) == 0 {
			t.Errorf("nobody may %s", act)
		}
		for _, role := range r.Roles {
			scoped := role == identity.Juror && r.In == app.Panel
			if role == identity.Juror && !scoped && act != app.ReadDesk { // which shows what each may
				t.Errorf("%s: a juror of any panel may", act)
			}
		}
	}
	var missing *fault.Error
	a, _, _, _ := setup(t, 0)
	if err := a.Enter(as(t, ""), app.SeatPanel); !errors.As(err, &missing) || missing.Code != "session_missing" {
		t.Errorf("nobody may begin to seat a panel: %v", err)
	}
	if err := a.Enter(as(t, ""), app.SubmitEntry); err != nil {
		t.Errorf("a stranger may begin to nominate: %v", err)
	}
}
