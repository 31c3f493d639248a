package audit_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
)

// TestList_search finds acts by person, act, object and time, and gives them a
// page at a time, newest first, each once, also where several are of one moment.
func TestList_search(t *testing.T) {
	db := setup(t)
	began := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	record := func(minute int, slug, person, act, reason string, detail any) {
		t.Helper()
		ctx := actor.With(t.Context(), actor.Actor{Kind: actor.Staff, ID: "id-" + person, Name: person})
		if err := pg.InTx(ctx, db, func(tx *sqlx.Tx) error {
			return audit.Record(ctx, tx, began.Add(time.Duration(minute)*time.Minute), slug, act, reason, detail)
		}); err != nil {
			t.Fatal(err)
		}
	}
	record(1, slug, "Wang", "open_phase", "as announced", map[string]string{"phase": "voting"})
	record(2, slug, "Li", "strike_candidate", "100% proved", map[string]int{"candidate": 7})
	record(2, slug, "Wang", "close_phase", "", nil)
	record(2, slug, "Li", "open_phase", "", []string{"Review"})
	record(3, "elsewhere", "Wang", "open_phase", "", nil)
	at := func(minute int) *time.Time { t := began.Add(time.Duration(minute) * time.Minute); return &t }
	for name, c := range map[string]struct {
		find audit.Search
		want []int64
	}{
		"all":         {audit.Search{}, []int64{4, 3, 2, 1}},
		"person":      {audit.Search{Person: "wan"}, []int64{3, 1}},
		"account":     {audit.Search{Person: "id-Li"}, []int64{4, 2}},
		"act":         {audit.Search{Act: "open_phase"}, []int64{4, 1}},
		"part of one": {audit.Search{Act: "open"}, nil},
		"object":      {audit.Search{Text: "review"}, []int64{4}},
		"reason":      {audit.Search{Text: "ANNOUNCED"}, []int64{1}},
		"no pattern":  {audit.Search{Text: "0% P"}, []int64{2}},
		"from":        {audit.Search{From: at(2)}, []int64{4, 3, 2}},
		"to":          {audit.Search{To: at(2)}, []int64{1}},
		"together":    {audit.Search{Person: "Li", Text: "phase", From: at(0), To: at(9)}, []int64{4}},
		"quotes":      {audit.Search{Text: `'; DROP TABLE audit`}, nil},
	} {
		var got []int64
		for p := (audit.Page{Slug: slug, Search: c.find, Newest: true, Limit: 2}); ; {
			page, err := audit.List(t.Context(), db, p)
			if err != nil {
				t.Fatal(name, err)
			}
			for _, e := range page {
				got = append(got, e.ID)
				p.Before, p.BeforeID = &e.At, e.ID
			}
			if len(page) < 2 {
				break
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, fmt.Sprint(c.want))
		}
	}
}
