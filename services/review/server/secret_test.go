package server_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// whole is every row of every table, without what is drawn anew each time: ids,
// hashes, signatures, ciphertexts.
func (r *room) whole() []string {
	r.t.Helper()
	var tables []string
	if err := r.DB.Select(&tables, `
		SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`); err != nil {
		r.t.Fatal(err)
	}
	drawn := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|(\\x)?[0-9a-f]{16,}|[A-Za-z0-9+/]{40,}={0,2}|"[A-Z]-\d{3}"|"[A-Z2-7]{26}"`)
	stamp := regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.+]*`)
	var all []string
	for _, table := range tables {
		for _, row := range r.dump(table) {
			row = drawn.ReplaceAllStringFunc(row, func(s string) string { return strings.Repeat("*", len(s)) })
			all = append(all, table+" "+stamp.ReplaceAllString(row, "T"))
		}
	}
	slices.Sort(all)
	return all
}

// TestMotion_secret compares the whole database of two rooms whose members vote
// differently, after each vote: it is the same but for ciphertexts, whose length
// never changes and whose bytes always do. Only the close tells the counts.
func TestMotion_secret(t *testing.T) {
	var rooms [2]*room
	for i := range rooms {
		rooms[i] = deciding(t)
		rooms[i].Open(rulebook.PhaseDecision)
		if err := rooms[i].put(review.PutMotion{}); err != nil {
			t.Fatal(err)
		}
	}
	votes := [2][]string{{review.For, review.Against, review.Abstain}, {review.Against, review.For, review.For}}
	sealed := map[string]bool{}
	for n, p := range people {
		for i, r := range rooms {
			if _, err := r.VoteMotion(r.as(p.ID), review.VoteMotion{Slug: slug, Choice: votes[i][n]}); err != nil {
				t.Fatal(err)
			}
			if n := r.Count(`SELECT votes_for + against + abstained FROM motion`); n != 0 {
				t.Errorf("a count of %d is in the clear", n)
			}
			var bytes []byte
			if err := r.DB.Get(&bytes, `SELECT sealed FROM motion`); err != nil {
				t.Fatal(err)
			}
			if sealed[string(bytes)] || len(bytes) != 12+12+16 {
				t.Errorf("sealed counts of %d bytes, seen before: %t", len(bytes), sealed[string(bytes)])
			}
			sealed[string(bytes)] = true
		}
		if diff := cmp.Diff(rooms[0].whole(), rooms[1].whole()); diff != "" {
			t.Errorf("after vote %d the databases tell the choices apart:\n%s", n+1, diff)
		}
		if d := rooms[0].meeting("organizer", false).Motion(); len(d.Voters) != n+1 || d.For+d.Against+d.Abstained != 0 {
			t.Errorf("who has voted, after vote %d: %+v", n+1, d)
		}
	}
	for i, want := range [2][3]int{{1, 1, 1}, {2, 1, 0}} {
		d, err := rooms[i].CloseMotion(rooms[i].as("organizer"), review.CloseMotion{Slug: slug})
		if got := [3]int{d.For, d.Against, d.Abstained}; err != nil || got != want || d.Voted != 3 {
			t.Errorf("counts %v, want %v: %v", got, want, err)
		}
		if n := rooms[i].Count(`SELECT count(*) FROM motion WHERE sealed IS NOT NULL`); n != 0 {
			t.Error("the sealed counts are kept")
		}
	}
}

// TestMotion_secret_broken ends the write of a vote half-way: nothing of it is
// kept, and the vote counts once when it is cast again.
func TestMotion_secret_broken(t *testing.T) {
	r := deciding(t)
	r.Open(rulebook.PhaseDecision)
	if err := r.put(review.PutMotion{}); err != nil {
		t.Fatal(err)
	}
	vote := func(who, choice string) error {
		_, err := r.VoteMotion(r.as(who), review.VoteMotion{Slug: slug, Choice: choice})
		return err
	}
	if err := vote("a", review.For); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`ALTER TABLE motion ADD CONSTRAINT broken CHECK (sealed IS NULL) NOT VALID`, `ALTER TABLE motion DROP CONSTRAINT broken`,
	} {
		if _, err := r.DB.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := vote("b", review.Against); (err == nil) != strings.Contains(statement, "DROP") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := vote("b", review.For); !errors.Is(err, review.ErrVoted) {
		t.Errorf("a second vote: %v", err)
	}
	d, err := r.CloseMotion(r.as("organizer"), review.CloseMotion{Slug: slug})
	if err != nil || d.For != 1 || d.Against != 1 || d.Voted != 2 {
		t.Errorf("counts %+v, %v", d, err)
	}
}

// TestMotion_secret_moved does not take the counts of one motion for another's, nor
// bytes that are none.
func TestMotion_secret_moved(t *testing.T) {
	r := deciding(t)
	r.Open(rulebook.PhaseDecision)
	if err := r.put(review.PutMotion{}); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"a", "b"} {
		if _, err := r.VoteMotion(r.as(who), review.VoteMotion{Slug: slug, Choice: review.For}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.DB.Exec(`UPDATE motion SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.CloseMotion(r.as("organizer"), review.CloseMotion{Slug: slug}); !errors.Is(err, review.ErrBallotKey) {
		t.Errorf("counts that were changed: %v", err)
	}
}
