package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/server"
)

const wang = "wang@example.org"

// from is a try from the nth address of a network, of 256 each.
func from(n int, email, password string) identity.SignIn {
	return identity.SignIn{
		Email: email, Password: password,
		Network: fmt.Sprintf("203.0.%d.%d", n/256, n%256), Around: fmt.Sprintf("203.0.%d.0/24", n/256),
	}
}

// tries signs in many times at once, and counts the answers by their codes; ""
// is a session.
// busy is the code of who waited in vain.
const busy = "sign_in_busy"

func (r room) tries(t *testing.T, all []identity.SignIn) map[string]int {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	codes := map[string]int{}
	for _, in := range all {
		wg.Go(func() {
			code := busy
			for code == busy && r.ctx.Err() == nil { // who is told so comes again, on a slow machine
				code = ""
				if _, err := r.SignIn(r.ctx, in); err != nil {
					code = fault.From(err).Code
				}
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	wg.Wait()
	return codes
}

// TestSignIn_atOnce evaluates no more of many guesses at once than of one after
// the other: each is counted before its password is looked at.
func TestSignIn_atOnce(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	guesses := func(in func(i int) identity.SignIn) (all []identity.SignIn) {
		for i := range 60 {
			all = append(all, in(i))
		}
		return all
	}
	for _, c := range []struct {
		name string
		in   func(i int) identity.SignIn
		want int // that are evaluated
	}{
		{"an account, from one network", func(int) identity.SignIn { return from(0, wang, "wrong") }, 10},
		{"an account, from many networks", func(i int) identity.SignIn { return from(1000*(1+i), wang, "wrong") }, 0}, // as before
		{"nobody's account", func(i int) identity.SignIn { return from(1000*(1+i), "li@example.org", "wrong") }, 10},
		{"many accounts, from one network", func(i int) identity.SignIn { return from(7, fmt.Sprintf("n%d@example.org", i), "wrong") }, 50},
		{"no network", func(int) identity.SignIn { return identity.SignIn{Email: "zhao@example.org", Password: "wrong"} }, 10},
	} {
		got := r.tries(t, guesses(c.in))
		want := map[string]int{"too_many_tries": 60 - c.want}
		if c.want > 0 {
			want["sign_in_failed"] = c.want
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestSignIn_slower lets nobody wait for ever, and nobody out who was in before:
// guesses elsewhere slow the account down, but not where its holder has signed in.
func TestSignIn_slower(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	const home, elsewhere, journey = 0, 1000, 2000
	if _, err := r.SignIn(r.ctx, from(home, wang, password)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := r.SignIn(r.ctx, from(elsewhere, wang, "wrong")); !errors.Is(err, identity.ErrSignIn) {
			t.Fatal(err)
		}
	}
	_, err := r.SignIn(r.ctx, from(journey, wang, password))
	if wait := fault.From(err).RetryAfter; !errors.Is(err, identity.ErrTooManyTries) || wait != 90*time.Second {
		t.Errorf("on a journey: %v, wait %v", err, wait)
	}
	if _, err := r.SignIn(r.ctx, from(home, wang, password)); err != nil {
		t.Errorf("at home: %v", err)
	}
	r.Clock.Advance(90 * time.Second)
	if _, err := r.SignIn(r.ctx, from(journey, wang, password)); err != nil {
		t.Errorf("on a journey, after the wait: %v", err)
	}
	for range 10 { // and now it is one of the holder's own
		if _, err := r.SignIn(r.ctx, from(elsewhere, wang, "wrong")); !errors.Is(err, identity.ErrSignIn) {
			t.Fatalf("the allowance is not whole after a sign-in: %v", err)
		}
	}
	if _, err := r.SignIn(r.ctx, from(journey, wang, password)); err != nil {
		t.Errorf("on the journey again: %v", err)
	}
	r.Clock.Advance(91 * 24 * time.Hour)
	for range 10 {
		if _, err := r.SignIn(r.ctx, from(elsewhere, wang, "wrong")); !errors.Is(err, identity.ErrSignIn) {
			t.Fatal(err)
		}
	}
	if _, err := r.SignIn(r.ctx, from(home, wang, password)); !errors.Is(err, identity.ErrTooManyTries) {
		t.Errorf("a network of long ago: %v", err)
	}
}

// TestSignIn_home slows guesses down in the holder's own network, too.
func TestSignIn_home(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	if _, err := r.SignIn(r.ctx, from(0, wang, password)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := r.SignIn(r.ctx, from(0, wang, "wrong")); !errors.Is(err, identity.ErrSignIn) {
			t.Fatal(err)
		}
	}
	if _, err := r.SignIn(r.ctx, from(0, wang, password)); !errors.Is(err, identity.ErrTooManyTries) {
		t.Errorf("the eleventh: %v", err)
	}
	r.Clock.Advance(30 * time.Second)
	if _, err := r.SignIn(r.ctx, from(0, wang, password)); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// TestSignIn_clock keeps nobody out when the clock is set back.
func TestSignIn_clock(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	r.Clock.Advance(365 * 24 * time.Hour)
	for range 10 {
		if _, err := r.SignIn(r.ctx, from(0, wang, "wrong")); !errors.Is(err, identity.ErrSignIn) {
			t.Fatal(err)
		}
	}
	r.Clock.Advance(-365 * 24 * time.Hour)
	if _, err := r.SignIn(r.ctx, from(0, wang, password)); err != nil {
		t.Error(err)
	}
}

// TestSignIn_networkNotReset does not let somebody with an account of their own
// guess others' for ever from their network.
func TestSignIn_networkNotReset(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	evaluated := 0
	for i := range 80 {
		_, err := r.SignIn(r.ctx, from(0, fmt.Sprintf("n%d@example.org", i), "wrong"))
		if errors.Is(err, identity.ErrSignIn) {
			evaluated++
		}
		if i%5 == 4 {
			if _, err := r.SignIn(r.ctx, from(0, wang, password)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if evaluated != 50 {
		t.Errorf("%d guesses were evaluated, want 50", evaluated)
	}
}

// TestSignIn_unknown answers alike for an account and for none.
func TestSignIn_unknown(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	var answers [2][]string
	for i, email := range []string{wang, "li@example.org"} {
		for n := range 12 {
			r.Clock.Advance(time.Second)
			_, err := r.SignIn(r.ctx, from(1000*i, email, "wrong"))
			f := fault.From(err)
			answers[i] = append(answers[i], fmt.Sprint(n, f.Kind, f.Code, f.Message, f.RetryAfter, f.Params))
		}
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
		t.Errorf("an account and none (-account +none):\n%s", diff)
	}
}

// TestSignIn_bounded keeps a bounded number of rows, whatever is typed, and
// removes them by itself.
func TestSignIn_bounded(t *testing.T) {
	r := setup(t)
	r.account(t, wang)
	guess := func(i int) identity.SignIn { return from(0, fmt.Sprintf("secret-%d@example.org", i), "wrong") }
	rows := func() map[string]int {
		counts := map[string]int{}
		for _, table := range []string{"sign_in_try", "sign_in_failure", "sign_in_network"} {
			counts[table] = r.Count(`SELECT count(*) FROM ` + table)
		}
		counts["audit"] = r.Count(`SELECT count(*) FROM audit WHERE act = 'sign_in_failed'`)
		return counts
	}
	for i := range 150 {
		if _, err := r.SignIn(r.ctx, guess(i)); err == nil {
			t.Fatal("signed in")
		}
	}
	// 50 accounts that are none, and two networks; 1, 2, 4, 8, 16 and 32 failures.
	want := map[string]int{"sign_in_try": 52, "sign_in_failure": 1, "sign_in_network": 0, "audit": 6}
	if diff := cmp.Diff(want, rows()); diff != "" {
		t.Errorf("after 150 guesses (-want +got):\n%s", diff)
	}
	for i := range 10 { // a day later
		r.Clock.Advance(24 * time.Hour)
		if _, err := r.SignIn(r.ctx, guess(1000+i)); err == nil {
			t.Fatal("signed in")
		}
	}
	got := rows()
	if got["sign_in_try"] != 3 || got["sign_in_failure"] != 1 {
		t.Errorf("ten days later: %v", got)
	}
	for i := range 30 { // networks of the holder
		r.Clock.Advance(time.Minute)
		if _, err := r.SignIn(r.ctx, from(1000*i, wang, password)); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM sign_in_network`); n != 20 {
		t.Errorf("%d networks of the holder are kept", n)
	}
	for _, table := range []string{"sign_in_try", "sign_in_failure", "sign_in_network", "audit"} {
		if n := r.Count(`SELECT count(*) FROM ` + table + ` AS t WHERE t::text LIKE '%secret-%'`); n != 0 {
			t.Errorf("%s has what was typed", table)
		}
	}
}

// TestSignIn_audit has sign-ins, failures and sign-outs in the audit log.
func TestSignIn_audit(t *testing.T) {
	r := setup(t)
	a := r.account(t, wang)
	s, err := r.SignIn(r.ctx, from(0, wang, password))
	if err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{wang, wang, wang, "li@example.org"} {
		if _, err := r.SignIn(r.ctx, from(0, email, "wrong")); !errors.Is(err, identity.ErrSignIn) {
			t.Fatal(err)
		}
	}
	for range 2 { // the second ends nothing
		if _, err := r.SignOut(r.ctx, identity.Token{Token: s.Token}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := bus.Call[[]audit.Entry](r.ctx, r.Caller, identity.Name, run.ListAudit, audit.Page{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range log {
		if e.Act == "create_account" {
			continue
		}
		var detail map[string]any
		if err := json.Unmarshal(e.Detail, &detail); err != nil {
			t.Fatal(err)
		}
		who := strings.ReplaceAll(e.Actor, a.ID, "wang")
		got = append(got, fmt.Sprint(e.Act, " ", who, " ", detail["email"], " ", detail["network"], " ", detail["failures"]))
	}
	want := []string{
		"sign_in wang wang@example.org 203.0.0.0 <nil>",
		"sign_in_failed test wang@example.org 203.0.0.0 1",
		"sign_in_failed test wang@example.org 203.0.0.0 2",
		"sign_in_failed test <nil> 203.0.0.0 1",
		"sign_out wang wang@example.org <nil> <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("audited (-want +got):\n%s", diff)
	}
}

// TestSignIn_crowd signs in 200 people at once, while others are served.
func TestSignIn_crowd(t *testing.T) {
	cfg := config(server.Mail{})
	cfg.PasswordCost = server.PasswordCost{Memory: 4096, Passes: 1} // so that they wait for each other
	r := in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), func(deps run.Deps) (run.Room, error) { return server.New(deps, cfg) }))
	r.account(t, wang)
	const people = 200
	if _, err := r.DB.Exec(`
		INSERT INTO account (id, email, name, password, created_at)
		SELECT gen_random_uuid(), 'n' || n || '@example.org', name, password, created_at
		FROM account, generate_series(1, $1) AS n`, people); err != nil {
		t.Fatal(err)
	}
	s, err := r.SignIn(r.ctx, from(9, wang, password))
	if err != nil {
		t.Fatal(err)
	}
	var crowd []identity.SignIn
	for i := range people {
		crowd = append(crowd, from(0, fmt.Sprintf("n%d@example.org", i+1), password))
	}
	done := make(chan map[string]int)
	go func() { done <- r.tries(t, crowd) }()
	turn := time.NewTicker(20 * time.Millisecond)
	defer turn.Stop()
	for served := 0; ; {
		select {
		case got := <-done:
			if diff := cmp.Diff(map[string]int{"": people}, got); diff != "" {
				t.Errorf("a crowd at the door (-want +got):\n%s", diff)
			}
			if served == 0 {
				t.Error("nobody else was served")
			}
			return
		case <-turn.C:
			if _, err := r.Authenticate(r.ctx, identity.Token{Token: s.Token}); err != nil {
				t.Fatalf("meanwhile: %v", err)
			}
			served++
		}
	}
}
