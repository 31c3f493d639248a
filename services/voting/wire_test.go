package voting_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

func TestWire(t *testing.T) {
	in := voting.CastBallots{Ballots: []voting.Cast{
		{Slug: "courier-2", Voter: "00ff", Way: "device", Picks: []int{3, -1, 1 << 40}, Key: "k"},
		{Picks: []int{}},
	}}
	data, err := in.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got voting.CastBallots
	if err := got.UnmarshalBinary(data); err != nil || cmp.Diff(in, got) != "" {
		t.Errorf("ballots %v (-want +got):\n%s", err, cmp.Diff(in, got))
	}
	refusal := voting.ErrDuplicate.With("first", "2026-05-01T08:00:00Z")
	out := voting.Outcomes{Outcomes: []voting.Outcome{
		{Receipt: "R", At: time.Date(2026, 5, 1, 8, 0, 0, 123000, time.UTC), Again: true}, {Fault: refusal},
	}}
	if data, err = out.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	var back voting.Outcomes
	if err := back.UnmarshalBinary(data); err != nil || cmp.Diff(out, back, cmpopts.IgnoreUnexported(fault.Error{})) != "" {
		t.Errorf("outcomes %v (-want +got):\n%s", err, cmp.Diff(out, back, cmpopts.IgnoreUnexported(fault.Error{})))
	}
	for end := range data { // cut off anywhere
		if new(voting.Outcomes).UnmarshalBinary(data[:end]) == nil {
			t.Errorf("%d bytes of %d were read", end, len(data))
		}
	}
}

// FuzzWire has what is read written again, and nothing crash or take more
// memory than the message has bytes for.
func FuzzWire(f *testing.F) {
	f.Add([]byte{1, 1, 1, 's', 0, 0, 0, 1, 2})
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, data []byte) {
		var in voting.CastBallots
		if in.UnmarshalBinary(data) == nil {
			var again voting.CastBallots
			if text, err := in.MarshalBinary(); err != nil || again.UnmarshalBinary(text) != nil || cmp.Diff(in, again) != "" {
				t.Errorf("%x reads as %+v, then %+v, %v", data, in, again, err)
			}
		}
		_ = new(voting.Outcomes).UnmarshalBinary(data)
	})
}
