package server_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/voting"
)

const limited = `{"voters": ["device"], "frequency": "once", "picks": {"min": 2, "max": 4}, "counts": "live",
	"limits": [{"category": "city", "max": 2}, {"category": "village", "min": 1, "max": 3}]}`

// TestCast_invalid has each way in which a ballot breaks a rule: nothing of it
// is kept, and good ones in the same request count.
func TestCast_invalid(t *testing.T) {
	r := setup(t)
	r.open(t, limited)
	r.selection.Strike(4, "withdrew")
	many := make([]int, 100_000)
	for i := range many {
		many[i] = -i
	}
	cases := map[string]struct {
		in   voting.Cast
		want []string
	}{
		"none":           {ballot(1), []string{"picks", "picks"}},
		"too few":        {ballot(1, 2), []string{"picks"}},
		"too many":       {ballot(1, 1, 2, 3, 6, 8), []string{"picks"}},
		"repeated":       {ballot(1, 2, 6, 2), []string{"picks[2]"}},
		"unknown":        {ballot(1, 2, 13, 0), []string{"picks[1]", "picks[2]"}},
		"out of range":   {ballot(1, 2, -1, 1_000_000_000), []string{"picks[1]", "picks[2]"}},
		"struck":         {ballot(1, 2, 4), []string{"picks[1]"}},
		"category above": {ballot(1, 2, 1, 3, 5), []string{"picks"}},
		"category below": {ballot(1, 1, 3), []string{"picks"}},
		"all at once":    {ballot(1, 4, 4, 99, 1, 3), []string{"picks", "picks[0]", "picks[1]", "picks[2]"}},
		"a flood":        {ballot(1, many...), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := r.cast(t, c.in)[0]
			refused(t, o, voting.ErrInvalid)
			if c.want == nil { // an answer of bounded size
				if n := len(fields(o.Fault)); n == 0 || n > 40 {
					t.Errorf("%d fields", n)
				}
				return
			}
			if diff := cmp.Diff(c.want, fields(o.Fault)); diff != "" {
				t.Errorf("fields (-want +got):\n%s\n%v", diff, o.Fault)
			}
		})
	}
	r.whole(t, 0)
	outcomes := r.cast(t, ballot(1, 1), ballot(1, 2, 1), ballot(2, 99))
	refused(t, outcomes[0], voting.ErrInvalid)
	refused(t, outcomes[2], voting.ErrInvalid)
	if outcomes[1].Fault != nil {
		t.Errorf("the good one between: %v", outcomes[1].Fault)
	}
	r.whole(t, 1)
}

func TestCast_state(t *testing.T) {
	r := setup(t)
	refused(t, r.cast(t, ballot(1, 1))[0], voting.ErrNotYet)
	for _, foreign := range []string{"", "no-such", "Courier 2", "x\x00y", strings.Repeat("a", 1<<16)} {
		c := ballot(1, 1)
		c.Slug = foreign
		refused(t, r.cast(t, c)[0], voting.ErrNotYet)
	}
	r.selection.Freeze(book(once))
	refused(t, r.cast(t, ballot(1))[0], voting.ErrNotOpen) // said before the ballot is looked at
	r.selection.Hand(r.admitted(t)...)
	r.selection.Hand(r.phase(t, event.Open, nil))
	paper := ballot(1)
	paper.Way = "paper"
	refused(t, r.cast(t, paper)[0], voting.ErrWay)
	r.counted(t, ballot(1, 1))
	r.close(t)
	refused(t, r.cast(t, ballot(2))[0], voting.ErrClosed)
	r.sealed(t)
	refused(t, r.cast(t, ballot(2, 1))[0], voting.ErrClosed)
	r.whole(t, 1)
	if out, err := r.CastBallots(r.ctx, voting.CastBallots{}); err != nil || len(out.Outcomes) != 0 {
		t.Errorf("no ballots: %+v, %v", out, err)
	}
}

// TestCast_deadline is held by the database's clock, though the order to close
// has not come.
func TestCast_deadline(t *testing.T) {
	r := setup(t)
	r.selection.Freeze(book(once))
	r.selection.Hand(r.admitted(t)...)
	past := time.Now().Add(-time.Second)
	r.selection.Hand(r.phase(t, event.Open, &past))
	refused(t, r.cast(t, ballot(1, 1))[0], voting.ErrClosed)
	tally, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
	if err != nil || tally.State != voting.Closed {
		t.Errorf("tally %+v, %v", tally, err)
	}
	r.close(t)
	r.sealed(t)
	r.whole(t, 0)
	if diff := cmp.Diff([]event.TallySealed{{Ballots: 0, Votes: zeros(nil), Checkpoint: r.checkpoint(t)}}, events[event.TallySealed](t, r)); diff != "" {
		t.Errorf("tally_sealed (-want +got):\n%s", diff)
	}
}

func TestCast_hours(t *testing.T) {
	r := setup(t)
	hours := "06:00-06:01" // far from now
	if time.Now().UTC().Add(8*time.Hour).Hour() < 12 {
		hours = "18:00-18:01"
	}
	r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"max": 3}, "counts": "live", "hours": "`+hours+`"}`)
	o := r.cast(t, ballot(1))[0]
	refused(t, o, voting.ErrHours)
	if o.Fault.Params["hours"] != hours || o.Fault.Params["timezone"] != "Asia/Shanghai" {
		t.Errorf("params %v", o.Fault.Params)
	}
	r.whole(t, 0)
}

func TestCast_daily(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"max": 3}, "counts": "live"}`)
	o := r.counted(t, ballot(1, 1))[0]
	refused(t, r.cast(t, ballot(1, 2))[0], voting.ErrDuplicate)
	recorded, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: o.Receipt})
	if want := o.At.Add(8 * time.Hour).Format(time.DateOnly); err != nil || recorded.Period != want {
		t.Errorf("period %q, want %q, %v", recorded.Period, want, err)
	}
	// A day passes: the ballot is yesterday's, under yesterday's pseudonym.
	r.execute(t, `UPDATE ballot SET period = period - 1`)
	r.execute(t, `UPDATE batch SET period = period - 1`)
	r.migrateAgain(t)
	r.counted(t, ballot(1, 2))
	r.whole(t, 2)
}

func TestCast_again(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	first := r.counted(t, keyed(ballot(1, 2, 1), "k-1"))[0]
	for _, picks := range [][]int{{2, 1}, {1, 2}} { // a ballot is a set
		again := r.counted(t, keyed(ballot(1, picks...), "k-1"))[0]
		if !again.Again || again.Receipt != first.Receipt || !again.At.Equal(first.At) {
			t.Errorf("again %+v, first %+v", again, first)
		}
	}
	refused(t, r.cast(t, keyed(ballot(1, 3), "k-1"))[0], voting.ErrKeyReused)
	for name, c := range map[string]voting.Cast{"other key": keyed(ballot(1, 2, 1), "k-2"), "no key": ballot(1, 2, 1)} {
		o := r.cast(t, c)[0]
		refused(t, o, voting.ErrDuplicate)
		if at, err := time.Parse(time.RFC3339, o.Fault.Params["first"]); err != nil || !at.Equal(first.At) {
			t.Errorf("%s: first %v, want %v, %v", name, at, first.At, err)
		}
	}
	// All of these in one transaction.
	same := r.cast(t, keyed(ballot(2, 5), "k-3"), keyed(ballot(2, 5), "k-3"), keyed(ballot(2, 6), "k-3"), ballot(2, 5), ballot(3, 5))
	if same[0].Fault != nil || same[0].Again || !same[1].Again || same[1].Receipt != same[0].Receipt || same[4].Fault != nil {
		t.Errorf("outcomes %+v", same)
	}
	refused(t, same[2], voting.ErrKeyReused)
	refused(t, same[3], voting.ErrDuplicate)

	// Whoever lost the answer gets it though the vote has closed, or a
	// candidate is off the list; whoever asks for anything else does not.
	r.selection.Strike(1, "withdrew")
	if o := r.counted(t, keyed(ballot(1, 2, 1), "k-1"))[0]; o.Receipt != first.Receipt || !o.Again {
		t.Errorf("after the strike: %+v", o)
	}
	r.close(t)
	if o := r.counted(t, keyed(ballot(1, 2, 1), "k-1"))[0]; o.Receipt != first.Receipt || !o.Again {
		t.Errorf("after the close: %+v", o)
	}
	for _, c := range []voting.Cast{keyed(ballot(1, 3), "k-1"), keyed(ballot(4, 3), "k-1"), ballot(1, 2, 1)} {
		refused(t, r.cast(t, c)[0], voting.ErrClosed)
	}
	r.sealed(t)
	r.whole(t, 3)
}

// TestCast_key keeps the beginning of the key's hash in the row. Rows from before
// hashes went as bytes keep a second hash, of the first one's hex digits: the key
// of such a ballot is known as well.
func TestCast_key(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	first := r.counted(t, keyed(ballot(1, 2, 1), "k-1"), ballot(2, 3))[0]
	const hash = `sha256(convert_to('k-1', 'UTF8'))`
	var rows []string
	if err := r.deps.DB.Select(&rows, `
		SELECT picks::text || CASE WHEN key IS NULL THEN ' none' WHEN key = substring(`+hash+` FOR 16) THEN ' hash' ELSE ' other' END
		FROM ballot ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"{1,2} hash", "{3} none"}, rows); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	r.execute(t, `UPDATE ballot SET key = substring(sha256(convert_to(encode(`+hash+`, 'hex'), 'UTF8')) FOR 16) WHERE key IS NOT NULL`)
	if again := r.counted(t, keyed(ballot(1, 2, 1), "k-1"))[0]; !again.Again || again.Receipt != first.Receipt {
		t.Errorf("again %+v, first %+v", again, first)
	}
	refused(t, r.cast(t, keyed(ballot(1, 3), "k-1"))[0], voting.ErrKeyReused)
	refused(t, r.cast(t, keyed(ballot(1, 2, 1), "k-2"))[0], voting.ErrDuplicate)
	refused(t, r.cast(t, keyed(ballot(2, 3), "k-1"))[0], voting.ErrDuplicate)
	r.whole(t, 2)
}

// TestCast_add lets voters cast the rest of their picks later in the period.
func TestCast_add(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "once", "picks": {"min": 2, "max": 4}, "change": "add", "counts": "live",
		"limits": [{"category": "city", "max": 2}]}`)
	refused(t, r.cast(t, ballot(1, 1))[0], voting.ErrInvalid)
	first := r.counted(t, keyed(ballot(1, 2, 1), "k-1"))[0]
	for name, c := range map[string]struct {
		in   voting.Cast
		want []string
	}{
		"picked before":   {ballot(1, 4, 2), []string{"picks[1]"}},
		"above the max":   {ballot(1, 4, 6, 8), []string{"picks"}},
		"above the limit": {ballot(1, 3, 5), []string{"picks"}},
		"none":            {ballot(1), []string{"picks"}},
	} {
		o := r.cast(t, c.in)[0]
		refused(t, o, voting.ErrInvalid)
		if o.Fault != nil {
			if diff := cmp.Diff(c.want, fields(o.Fault)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	// One request, one transaction: the second ballot is judged after the first.
	outcomes := r.cast(t, keyed(ballot(1, 4), "k-2"), keyed(ballot(1, 4), "k-2"), keyed(ballot(1, 2), "k-1"), ballot(1, 6), ballot(1, 8))
	if outcomes[0].Fault != nil || !outcomes[1].Again || outcomes[1].Receipt != outcomes[0].Receipt || outcomes[3].Fault != nil {
		t.Errorf("outcomes %+v", outcomes)
	}
	refused(t, outcomes[2], voting.ErrKeyReused)
	refused(t, outcomes[4], voting.ErrDuplicate)
	if got := outcomes[4].Fault.Params["first"]; got != first.At.Format(time.RFC3339Nano) {
		t.Errorf("first %s, want %v", got, first.At)
	}
	if again := r.counted(t, keyed(ballot(1, 1, 2), "k-1"))[0]; !again.Again || again.Receipt != first.Receipt {
		t.Errorf("again %+v", again)
	}
	r.close(t)
	if diff := cmp.Diff(zeros(map[int]int64{1: 1, 2: 1, 4: 1, 6: 1}), r.sealed(t).Votes); diff != "" {
		t.Errorf("votes (-want +got):\n%s", diff)
	}
	r.whole(t, 3)
}

func TestReceipt_unknown(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	code := r.counted(t, ballot(1, 1))[0].Receipt
	flipped := []byte(code)
	flipped[3] = "01"[(flipped[3]+1)%2]
	for name, in := range map[string]voting.GetReceipt{
		"empty": {Slug: slug}, "text": {Slug: slug, Receipt: "my receipt"}, "mistyped": {Slug: slug, Receipt: string(flipped)},
		"forged": {Slug: slug, Receipt: forged()},
	} {
		if _, err := r.GetReceipt(r.ctx, in); !errors.Is(err, voting.ErrNoReceipt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: "other", Receipt: code}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("of a selection that is not here: %v", err)
	}
	loose := strings.ToLower(code[:10]) + "-" + code[10:]
	got, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: loose})
	if err != nil || got.Receipt != code {
		t.Errorf("receipt %q = %+v, %v", loose, got, err)
	}
}

// TestTally_hidden shows nothing per candidate before the seal.
func TestTally_hidden(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "once", "picks": {"max": 3}, "counts": "hidden"}`)
	r.counted(t, ballot(1, 1), ballot(2, 1))
	r.whole(t, 2)
	tally, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
	if err != nil || !tally.Hidden || tally.Votes != nil || tally.Ballots != 2 {
		t.Errorf("hidden tally %+v, %v", tally, err)
	}
	for _, e := range events[event.BallotsCounted](t, r) {
		if e.Ballots == 0 || e.Votes != nil {
			t.Errorf("ballots_counted tells %+v", e)
		}
	}
	r.selection.Strike(2, "withdrew")
	r.close(t)
	want := zeros(map[int]int64{1: 2})
	delete(want, 2)
	tally = r.sealed(t)
	if diff := cmp.Diff(want, tally.Votes); diff != "" || tally.Hidden {
		t.Errorf("sealed tally (-want +got):\n%s", diff)
	}
}
