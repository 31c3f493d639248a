package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const slug = "most-beautiful-courier-2"

func setup(t *testing.T) *sqlx.DB {
	t.Helper()
	return testkit.Service(t, "selection", audit.Set())
}

func TestRecord(t *testing.T) {
	db := setup(t)
	ctx := actor.WithRequest(actor.With(t.Context(), actor.Actor{Kind: actor.Staff, ID: "a-1", Name: "王芳"}), "req-7")
	at := time.Date(2026, 5, 1, 17, 0, 0, 123456000, time.FixedZone("CST", 8*3600))
	if err := pg.InTx(ctx, db, func(tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, at, slug, "open_phase", "如公告", map[string]string{"phase": "voting"})
	}); err != nil {
		t.Fatal(err)
	}
	got, err := audit.List(ctx, db, audit.Page{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].At = got[i].At.UTC()
	}
	want := []audit.Entry{{
		ID: 1, At: at.UTC(), Slug: slug, Kind: actor.Staff, Actor: "a-1", Name: "王芳", Act: "open_phase", Reason: "如公告",
		Detail: json.RawMessage(`{"phase":"voting"}`), Request: "req-7",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

// TestRecord_rolledBack leaves no trace of an act that did not happen.
func TestRecord_rolledBack(t *testing.T) {
	db := setup(t)
	refused := errors.New("refused")
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
		return errors.Join(audit.Record(t.Context(), tx, time.Now(), slug, "open_phase", "", nil), refused)
	}); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	got, err := audit.List(t.Context(), db, audit.Page{Slug: slug})
	if err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRecord_unmarshallable(t *testing.T) {
	db := setup(t)
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
		return audit.Record(t.Context(), tx, time.Now(), slug, "open_phase", "", make(chan int))
	}); err == nil {
		t.Error("a detail that is no JSON was recorded")
	}
}

// TestList pages through one selection's acts and leaves out another's.
func TestList(t *testing.T) {
	const acts = 1003
	db := setup(t)
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
		for i := range acts {
			for _, s := range []string{slug, "another"} {
				if err := audit.Record(t.Context(), tx, time.Now(), s, fmt.Sprintf("act_%d", i), "", i); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	seen, after := 0, int64(0)
	for {
		page, err := audit.List(t.Context(), db, audit.Page{Slug: slug, After: after, Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Slug != slug || e.Act != fmt.Sprintf("act_%d", seen) || e.ID <= after {
				t.Fatalf("entry %d after %d is %+v", seen, after, e)
			}
			seen, after = seen+1, e.ID
		}
		sizes = append(sizes, len(page))
	}
	if diff := cmp.Diff([]int{500, 500, 3}, sizes); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if page, err := audit.List(t.Context(), db, audit.Page{Slug: slug, Limit: 2}); err != nil || len(page) != 2 {
		t.Errorf("a page of two: %d, %v", len(page), err)
	}
}
