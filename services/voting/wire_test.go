package voting_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

// ballots are two: with everything, and with nothing.
func ballots() voting.CastBallots {
	return voting.CastBallots{Ballots: []voting.Cast{
		{
			Slug: "courier-2", Voter: voting.VoterID{0, 0xff, 15: 1}, Way: "device", Picks: []int{3, -1, 1 << 40}, Key: voting.HashKey("k"),
			Made:       time.Unix(1_780_000_000, 0).UTC(),
			Generation: 300, Earlier: "R", ID: voting.BallotID{7, 15: 9},
		},
		{Picks: []int{}},
	}}
}

func TestWire(t *testing.T) {
	in := ballots()
	data, err := in.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got voting.CastBallots
	if err := got.UnmarshalBinary(data); err != nil || cmp.Diff(in, got) != "" {
		t.Errorf("ballots %v (-want +got):\n%s", err, cmp.Diff(in, got))
	}
	for end := range data { // cut off anywhere
		if new(voting.CastBallots).UnmarshalBinary(data[:end]) == nil {
			t.Errorf("%d bytes of %d were read", end, len(data))
		}
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

// hexed is a request of one ballot as gateways before version 2 wrote it: voter
// and key are hex.
func hexed(voter, key string) []byte {
	b := []byte{1, 1}
	for _, s := range []string{"courier-2", voter, "device", key} {
		b = append(append(b, byte(len(s))), s...)
	}
	return append(b, 2, 2*3, 2*7) // two picks
}

// TestWire_older reads what gateways of earlier versions send, to the same
// ballot: a key from before the upgrade is known after it.
func TestWire_older(t *testing.T) {
	want := voting.CastBallots{Ballots: []voting.Cast{
		{Slug: "courier-2", Voter: voting.VoterID{0xab, 15: 0xcd}, Way: "device", Picks: []int{3, 7}, Key: voting.HashKey("k-1")},
	}}
	voter, key := want.Ballots[0].Voter.String(), voting.HashKey("k-1")
	asJSON, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	id, hash := want.Ballots[0].Voter, voting.HashKey("k-1")
	keyed := slices.Concat([]byte{2, 1, 9}, []byte("courier-2"), id[:], []byte{6}, []byte("device"), []byte{32}, hash[:], []byte{2, 2 * 3, 2 * 7})
	nameless := slices.Concat([]byte{3, 1, 9}, []byte("courier-2"), id[:], []byte{6}, []byte("device"), []byte{0, 0, 32}, hash[:], []byte{2, 2 * 3, 2 * 7})
	for name, data := range map[string][]byte{
		"version 3": nameless,
		"version 2": keyed,
		"version 1": hexed(voter, hex.EncodeToString(key[:])),
		"JSON":      asJSON,
		"its text": []byte(`{"ballots":[{"slug":"courier-2","voter":"` + voter + `","way":"device","picks":[3,7],` +
			`"key":"` + hex.EncodeToString(key[:]) + `"}]}`),
	} {
		var got voting.CastBallots
		if err := got.UnmarshalBinary(data); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, cmp.Diff(want, got))
		}
	}
	want.Ballots[0].Key = voting.KeyHash{}
	var got voting.CastBallots
	if err := got.UnmarshalBinary(hexed(voter, "")); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("without a key: %v (-want +got):\n%s", err, cmp.Diff(want, got))
	}
}

// TestWire_refused refuses what is not a voter, not a hash, or of a version that
// nobody has written yet: nothing of such a message is taken.
func TestWire_refused(t *testing.T) {
	good, err := ballots().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	voter, key := strings.Repeat("ab", 16), strings.Repeat("cd", 32)
	shortKey := bytes.Replace(good, append([]byte{32}, hashOf("k")...), append([]byte{31}, hashOf("k")[:31]...), 1)
	for name, data := range map[string][]byte{
		"none":             {},
		"later version":    append([]byte{5}, good[1:]...),
		"version alone":    {5, 0},
		"key of 31 bytes":  shortKey,
		"no voter":         hexed("", key),
		"voter not in hex": hexed(strings.Repeat("g", 32), key),
		"short voter":      hexed(voter[:30], key),
		"long voter":       hexed(voter+"ab", key),
		"short key":        hexed(voter, key[:62]),
		"key not in hex":   hexed(voter, strings.Repeat("x", 64)),
		"long key":         hexed(voter, key+key[:2]),
		"JSON voter":       []byte(`{"ballots":[{"slug":"courier-2","voter":"` + voter + `ab","way":"device","picks":[3]}]}`),
		"JSON key":         []byte(`{"ballots":[{"slug":"courier-2","voter":"` + voter + `","way":"device","picks":[3],"key":"k"}]}`),
	} {
		if err := new(voting.CastBallots).UnmarshalBinary(data); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func hashOf(key string) []byte { h := voting.HashKey(key); return h[:] }

func TestVoterID(t *testing.T) {
	voter := voting.VoterID{1, 15: 0xfe}
	const text = "010000000000000000000000000000fe"
	var back voting.VoterID
	if err := back.UnmarshalText([]byte(text)); err != nil || back != voter || voter.String() != text {
		t.Errorf("%s reads as %s, %v", text, back, err)
	}
	for _, bad := range []string{"", "x", text[1:], text + "0", strings.Repeat("g", 32)} {
		if err := back.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a voter", bad)
		}
	}
}

// FuzzWire has what is read written again, and nothing crash or take more
// memory than the message has bytes for.
func FuzzWire(f *testing.F) {
	f.Add([]byte{2, 1, 1, 's', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 1, 2})
	f.Add(hexed(strings.Repeat("ab", 16), ""))
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

// BenchmarkWire writes and reads a request of a hundred ballots.
func BenchmarkWire(b *testing.B) {
	var in voting.CastBallots
	for i := range 100 {
		in.Ballots = append(in.Ballots, voting.Cast{
			Slug: "most-beautiful-courier-2", Voter: voting.VoterID{byte(i)}, Way: "device", Picks: []int{1, 2, 3, 4, 5}, Key: voting.HashKey("k"),
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		data, err := in.MarshalBinary()
		if err != nil {
			b.Fatal(err)
		}
		var got voting.CastBallots
		if err := got.UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}
