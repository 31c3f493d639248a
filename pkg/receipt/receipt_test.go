package receipt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/receipt"
)

func TestParse(t *testing.T) {
	key := receipt.NewKey([]byte(strings.Repeat("k", 32)))
	for _, r := range []receipt.Receipt{
		key.Issue("s-1", 0, 0), key.Issue("s-1", 40961, 311), key.Issue("s-1", receipt.MaxBatch, receipt.MaxRank),
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
		if !key.Verify(r, "s-1") {
			t.Errorf("%s is not verified", code)
		}
		if key.Verify(r, "s-2") || receipt.NewKey([]byte(strings.Repeat("x", 32))).Verify(r, "s-1") {
			t.Errorf("%s is taken for another selection or under another key", code)
		}
	}
}

// TestParse_mistyped changes each character in turn: the checksum catches all
// but one change in 65,536.
func TestParse_mistyped(t *testing.T) {
	code := receipt.NewKey([]byte("key")).Issue("s-1", 7, 3).String()
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
	f.Add(receipt.NewKey([]byte("key")).Issue("s-1", 40961, 311).String())
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
