package receipt_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/receipt"
)

func TestParse(t *testing.T) {
	key := receipt.NewKey([]byte(strings.Repeat("k", 32)))
	most := receipt.Place{Batch: receipt.MaxBatch, Rank: receipt.MaxRank}
	if got, ok := key.Open(key.Issue("s-1", most), "s-1"); !ok || got != most {
		t.Errorf("opened %+v, %t", got, ok)
	}
	for _, r := range []receipt.Receipt{
		key.Issue("s-1", receipt.Place{}), key.Issue("s-1", receipt.Place{Batch: 40961, Rank: 311}), key.Issue("s-1", most),
	} {
		code := r.String()
		if len(code) != receipt.Length {
			t.Errorf("%s has %d characters", code, len(code))
		}
		spoken := strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(code))
		for _, text := range []string{code, strings.ToLower(code), code[:5] + "-" + code[5:13] + " " + code[13:], spoken} {
			if got, err := receipt.Parse(text); err != nil || got != r {
				t.Errorf("parse %q = %+v, %v, want %+v", text, got, err, r)
			}
		}
		if _, ok := key.Open(r, "s-1"); !ok {
			t.Errorf("%s is not opened", code)
		}
		_, other := key.Open(r, "s-2")
		_, another := receipt.NewKey([]byte(strings.Repeat("x", 32))).Open(r, "s-1")
		if other || another {
			t.Errorf("%s is taken for another selection or under another key", code)
		}
	}
}

// TestKey_Open_old opens codes that were issued when their place stood in the
// clear.
func TestKey_Open_old(t *testing.T) {
	key := receipt.NewKey([]byte(strings.Repeat("k", 32)))
	for code, want := range map[string]receipt.Place{
		"000000000008KF4394DJJ28804": {Batch: 0, Rank: 0},
		"0000180104VWCD18QVYEG54RXW": {Batch: 40961, Rank: 311},
		"ZZZZZZZZZZZWNHCV01VQDC3NM8": {Batch: 1099511627775, Rank: 65535},
	} {
		r, err := receipt.Parse(code)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := key.Open(r, "s-1"); !ok || got != want || r.OldBatch() != want.Batch {
			t.Errorf("%s is opened as %+v, %t, its batch is %d", code, got, ok, r.OldBatch())
		}
		if _, ok := key.Open(r, "s-2"); ok {
			t.Errorf("%s is taken for another selection", code)
		}
	}
}

// TestKey_Issue_tellsNothing has many codes of few batches: no two share more of
// their characters than chance lets them, none is nearer to those of its batch
// than to others, and their order is not that of their ballots.
func TestKey_Issue_tellsNothing(t *testing.T) {
	key := receipt.NewKey([]byte(strings.Repeat("k", 32)))
	const batches, each = 4, 500
	var codes []string
	for batch := range batches {
		for rank := range each {
			codes = append(codes, key.Issue("s-1", receipt.Place{Batch: int64(7 + batch), Rank: rank}).String())
		}
	}
	var same, other, pairsSame, pairsOther float64 // equal characters, and pairs
	rising := 0
	for i, a := range codes {
		for j, b := range codes[:i] {
			equal := 0
			for c := range a[:25] { // of the last one, two bits are always zero
				if a[c] == b[c] {
					equal++
				}
			}
			if equal > 12 {
				t.Errorf("%s and %s", a, b)
			}
			if i/each == j/each {
				same, pairsSame = same+float64(equal), pairsSame+1
			} else {
				other, pairsOther = other+float64(equal), pairsOther+1
			}
			if b < a {
				rising++
			}
		}
	}
	// By chance a character in 32 is the same: 25/32 of 25, deviation 0.87 a pair.
	const want, near = 25.0 / 32, 0.015
	if a, b := same/pairsSame, other/pairsOther; math.Abs(a-want) > near || math.Abs(b-want) > near {
		t.Errorf("%.4f characters are the same within a batch, %.4f between two; by chance %.4f", a, b, want)
	}
	// Kendall's: of n codes half the pairs rise, with deviation sqrt(n(n-1)(2n+5)/72).
	n := float64(len(codes))
	pairs, deviation := n*(n-1)/2, math.Sqrt(n*(n-1)*(2*n+5)/72)
	if math.Abs(float64(rising)-pairs/2) > 5*deviation {
		t.Errorf("%d of %.0f pairs are in the order of their ballots", rising, pairs)
	}
}

// TestParse_mistyped changes each character in turn: the checksum catches all
// but one change in 65,536.
func TestParse_mistyped(t *testing.T) {
	code := receipt.NewKey([]byte("key")).Issue("s-1", receipt.Place{Batch: 7, Rank: 3}).String()
	missed := 0
	for i := range code {
		for _, c := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
			if byte(c) == code[i] {
				continue
			}
			if _, err := receipt.Parse(code[:i] + string(c) + code[i+1:]); err == nil {
				missed++
			}
		}
	}
	if missed > 1 {
		t.Errorf("%d mistyped receipts of %d were taken", missed, len(code)*31)
	}
	for _, text := range []string{"", code[1:], code + "0", strings.Repeat("0", 1<<20), code[:25] + "é", code[:25] + "U"} {
		if _, err := receipt.Parse(text); !errors.Is(err, receipt.ErrMalformed) {
			t.Errorf("parse %.40q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(receipt.NewKey([]byte("key")).Issue("s-1", receipt.Place{Batch: 40961, Rank: 311}).String())
	f.Add("o0il-1")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := receipt.Parse(text)
		if err != nil {
			return
		}
		if again, err := receipt.Parse(r.String()); err != nil || again != r {
			t.Errorf("%q is %+v; its code %s is %+v, %v", text, r, r, again, err)
		}
	})
}
