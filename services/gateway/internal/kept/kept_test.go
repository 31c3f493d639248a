package kept_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
)

// TestKept puts pages together of parts and fillings of many lengths, and has
// another reader of gzip, which checks length and CRC, read them.
func TestKept(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefg <>=/\n"[random.IntN(13)]
		}
		return string(b)
	}
	marks := []string{"{{one}}", "{{two}}", "{{three}}", "{{never}}"}
	inner, err := kept.Keep([]byte(strings.Repeat("kept within ", 40)))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 7, 300, 65535, 65536, 200_000} {
		a, b, c, d, own := text(n), text(random.IntN(5000)), text(0), text(17), text(n)
		k, err := kept.Keep([]byte(a+marks[2]+b+marks[0]+c+marks[1]+d), marks...)
		if err != nil {
			t.Fatal(err)
		}
		got := k.Append(nil, kept.Filling{Text: own}, kept.Filling{Page: inner}, kept.Filling{Text: "third"}, kept.Filling{Text: "unused"})
		r, err := gzip.NewReader(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		r.Multistream(false)
		plain, err := io.ReadAll(r)
		if want := a + "third" + b + own + c + strings.Repeat("kept within ", 40) + d; err != nil || string(plain) != want {
			t.Errorf("%d bytes: read %d of %d, %v", n, len(plain), len(want), err)
		}
	}
	if _, err := kept.Keep([]byte(marks[0]+marks[0]), marks...); !errors.Is(err, kept.ErrMarks) {
		t.Errorf("a mark twice: %v", err)
	}
}
