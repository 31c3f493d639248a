package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	pacing "github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// most is how many of the members' ballots an attack may guess. By chance it
// guesses one, whatever their number: the right guesses of a random order are
// Poisson distributed with mean 1, and more than 13 of them come once in 10^11
// orders. Fewer than a thousand pairs of orders are tried.
const most = 13

// TestSecrecy_rows does what a thief of the database does, who has no key: puts
// what identity keeps of each member, and what voting keeps of each ballot, in
// every order that a column, a row's place or its transaction gives, and lays
// the two side by side. Members vote in a random order, slowly and fast.
func TestSecrecy_rows(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.Rules = strings.Replace(h.Rules, "voters: [device]", "voters: [roster]", 1)
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	ctx, organizer := t.Context(), h.Organizer()

	ballots := pairs(entries)
	slow, fast := 10, len(ballots)-10 // at 2 and at 200 a second
	var roster strings.Builder
	roster.WriteString("member,name\n")
	for i := range ballots {
		fmt.Fprintf(&roster, "member-%03d,Name %d\n", i, i)
	}
	if in, err := organizer.ImportRoster(ctx, slug, []byte(roster.String())); err != nil || in.Added != len(ballots) {
		t.Fatalf("imported %+v, %v", in, err)
	}
	codes := exported(t, organizer, "")
	truth := map[string]string{} // the member's picks
	for n, i := range rand.Perm(slow + fast) {
		began := time.Now()
		member := fmt.Sprintf("member-%03d", i)
		voter, err := h.API.RosterVoter(ctx, slug, codes[member])
		if err == nil {
			_, err = voter.Cast(ctx, ballots[n])
		}
		if err != nil {
			t.Fatal(err)
		}
		truth[member] = fmt.Sprintf("{%d,%d}", ballots[n][0], ballots[n][1])
		pace := 500 * time.Millisecond
		if n >= slow {
			pace = 5 * time.Millisecond
		}
		pacing.For(ctx, time.Until(began.Add(pace)))
	}
	h.attack(t, "during the vote", truth)

	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	testkit.Eventually(t, wait, func() error {
		r, err := organizer.Roster(ctx, slug)
		if err == nil && (r.Voted == nil || *r.Voted != len(truth)) {
			err = fmt.Errorf("the roster tells %+v", r)
		}
		return err
	})
	h.attack(t, "after the close", truth)
}

// pairs are all ballots of two among n candidates: no two are the same.
func pairs(n int) (all [][]int) {
	for a := 1; a <= n; a++ {
		for b := a + 1; b <= n; b++ {
			all = append(all, []int{a, b})
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// attack fails the test where an order of members and one of ballots fit.
func (h *harness) attack(t *testing.T, when string, truth map[string]string) {
	t.Helper()
	identities, votes := testkit.Open(t, h.Database, identity.Name), testkit.Open(t, h.Database, voting.Name)
	var members []order
	for _, table := range list(t, identities, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`) {
		members = append(members, orders(t, identities, `substring(`+table+`::text FROM 'member-[0-9]{3}')`, table, table)...)
	}
	ballots := orders(t, votes, `ballot.picks::text`, `ballot JOIN batch ON batch.id = ballot.batch JOIN batch_body ON batch_body.batch = batch.id`,
		"ballot", "batch", "batch_body")
	tried := 0
	for _, m := range members {
		for _, b := range ballots {
			if len(m.subjects) != len(truth) || len(b.subjects) != len(truth) {
				continue
			}
			tried++
			right, backwards := 0, 0
			for i, member := range m.subjects {
				if truth[member] == b.subjects[i] {
					right++
				}
				if truth[member] == b.subjects[len(truth)-1-i] {
					backwards++
				}
			}
			if right > most || backwards > most {
				t.Errorf("%s, members by %s and ballots by %s: %d right of %d, %d backwards", when, m.by, b.by, right, len(truth), backwards)
			}
		}
	}
	t.Logf("%s: %d pairs of orders", when, tried)
	if tried < 200 {
		t.Errorf("%s: %d pairs of orders are too few", when, tried)
	}
}

// order is whom the rows of tables are about, in one of their orders.
type order struct {
	by       string
	subjects []string
}

// orders gives all orders of rows: by each column, by where a row lies, and by
// the transactions that wrote and last locked it.
func orders(t *testing.T, db *sqlx.DB, subject, from string, tables ...string) (all []order) {
	t.Helper()
	for _, table := range tables {
		columns := list(t, db, `SELECT quote_ident(column_name) || CASE WHEN data_type LIKE 'json%' THEN '::text' ELSE '' END
			FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`, table)
		for _, c := range append(columns, "ctid", "xmin::text::bigint", "xmax::text::bigint") {
			by := table + "." + c
			subjects := list(t, db, `SELECT `+subject+` FROM `+from+` WHERE `+subject+` IS NOT NULL ORDER BY `+by+`, random()`)
			all = append(all, order{by, subjects})
		}
	}
	return all
}

func list(t *testing.T, db *sqlx.DB, query string, args ...any) (texts []string) {
	t.Helper()
	if err := db.SelectContext(t.Context(), &texts, query, args...); err != nil {
		t.Fatal(query, err)
	}
	return texts
}
