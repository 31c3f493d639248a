package casting

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// TestRecent has a voter come back: what was counted a moment ago is told as the
// database would, and costs what is written beside it no request. A roster's ballots
// do, for its codes may have been replaced.
func TestRecent(t *testing.T) {
	keys, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	line, way := testkit.DatabaseProxy(t, testkit.ServiceURL(t, voting.Name, outbox.Set(), job.Set(), phase.Set(), migrations.Set()))
	db := testkit.Open(t, way, voting.Name)
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at)
		VALUES ('s-1', '', '{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device", "roster"], "picks": {"max": 2}}}', now());
		INSERT INTO candidate (slug, number, category) SELECT 's-1', n, '' FROM generate_series(1, 3) n`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO voting (slug, key_check, opened_at) VALUES ('s-1', $1, now())`, keys.Check); err != nil {
		t.Fatal(err)
	}
	c := &Caster{db: db, log: slog.New(slog.DiscardHandler), cache: candidates.NewCache(phase.NewSelections()), keys: keys, wake: func() {}}
	w := &writer{caster: c, store: &store{db: db}}
	defer w.store.disconnect()
	several := func(casts ...voting.Cast) []result {
		t.Helper()
		for i := range casts {
			casts[i].Slug = "s-1"
		}
		request := newCall(len(casts))
		w.cast(t.Context(), read(keys, casts, request))
		return request.results
	}
	cast := func(cast voting.Cast) result { return several(cast)[0] }
	mine := voting.Cast{Voter: voting.VoterID{1}, Way: "device", Picks: []int{2, 1}, Key: voting.HashKey("k")}
	next := byte(0)
	if first := cast(mine); first.fault != nil {
		t.Fatal(first.fault)
	}
	other, plain := mine, mine
	other.Picks = []int{3}
	plain.Key = voting.KeyHash{}
	ask := func() (again, reused, second result) { return cast(mine), cast(other), cast(plain) }
	wantAgain, wantReused, wantSecond := ask()
	if !wantAgain.again || !errors.Is(wantReused.fault, voting.ErrKeyReused) || !errors.Is(wantSecond.fault, voting.ErrDuplicate) {
		t.Fatal(wantAgain, wantReused.fault, wantSecond.fault)
	}
	w.store.recent = recent{} // as after a start
	again, reused, second := ask()
	for name, of := range map[string][2]result{"again": {again, wantAgain}, "reused": {reused, wantReused}, "second": {second, wantSecond}} {
		kept, found := of[1], of[0]
		if (kept.fault == nil) != (found.fault == nil) || kept.fault != nil && kept.fault.Params["first"] != found.fault.Params["first"] ||
			kept.batch != found.batch || kept.rank != found.rank || !kept.counted.Equal(found.counted) || kept.again != found.again {
			t.Errorf("%s: remembered %+v, found %+v", name, kept, found)
		}
	}
	for way, requests := range map[string]int{"device": 1, "roster": 2} {
		const many = 10
		them := voting.VoterID{4}
		cast(voting.Cast{Voter: them, Way: "device", Picks: []int{2}}) // at first counted
		line.CutAt(many, false)
		next++
		got := several(voting.Cast{Voter: them, Way: way, Picks: []int{1}}, voting.Cast{Voter: voting.VoterID{3, next}, Way: "device", Picks: []int{1}})
		if !errors.Is(got[0].fault, voting.ErrDuplicate) || got[1].fault != nil {
			t.Errorf("%s: %v, %v", way, got[0].fault, got[1].fault)
		}
		if n := many - line.Uncut(); n != requests {
			t.Errorf("%s: %d requests, want %d", way, n, requests)
		}
	}
}

// TestRecent_bounded forgets the oldest.
func TestRecent_bounded(t *testing.T) {
	var r recent
	item := func(n int) *item {
		return &item{ballot: &ballot{cast: &voting.Cast{}}, slot: slot{voter: secret.Pseudonym{1, byte(n), byte(n >> 8), byte(n >> 16)}}}
	}
	for n := range maxRecent + 10 {
		r.add(item(n))
	}
	if len(r.at) != maxRecent || r.answer(item(9)) || !r.answer(item(10)) || !r.answer(item(maxRecent+9)) {
		t.Errorf("%d are remembered", len(r.at))
	}
}
