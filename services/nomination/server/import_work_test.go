package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// rows is a CSV of n nominees, each with a name of its own; where namesakes is
// true they have but one name, and nothing else in common.
func rows(n int, namesakes bool) []byte {
	b := []byte("姓名,性别,类别,工作单位,所在市州,主要事迹\n")
	for i := range n {
		own := string([]rune{'一' + rune(i), '一' + rune(5000+i), '一' + rune(10000+i)})
		name, employer, region := "王强"+own, "陇运速递", "兰州市"
		if namesakes {
			name, employer, region = "王强", own+"甲", own+"乙"
		}
		b = fmt.Appendf(b, "%s,男,快递员,%s,%s,%s\n", name, employer, region, strings.Repeat("十年如一日。", 50))
	}
	return b
}

// portraits is a sheet of n nominees with pictures.
func portraits(t testing.TB, n int) []byte {
	t.Helper()
	b := newBook(t)
	for i := range n {
		x := nominee(i)
		b.row(i, x.Name, x.Gender, x.Category, x.Employer, x.Region, 8, x.Deeds).picture(encoded(t, toJPEG, 400+i), ".jpeg")
	}
	return b.bytes()
}

// The work of an import is in proportion to its rows, be all of one name.
func TestImport_work(t *testing.T) {
	r := opened(t)
	work := func(n int, namesakes bool) uint64 {
		body := rows(n, namesakes)
		return testkit.Allocated(func() {
			if done, err := r.load(t, body, true); err != nil || done.Entries != n {
				t.Fatalf("%d entries, %v", done.Entries, err)
			}
		})
	}
	const n = 1000
	for _, namesakes := range []bool{false, true} {
		half, whole := work(n/2, namesakes), work(n, namesakes)
		t.Logf("namesakes %v: %d bytes for %d rows, %d for half of them", namesakes, whole, n, half)
		if whole > 3*half {
			t.Errorf("namesakes %v: %d bytes for %d rows, %d for half of them", namesakes, whole, n, half)
		}
	}
}

// As many as may come at once are taken.
func TestImport_many(t *testing.T) {
	r := opened(t)
	for name, c := range map[string]struct {
		body []byte
		want int
	}{
		"5,000 rows":      {rows(5000, false), 5000},
		"5,000 namesakes": {rows(5000, true), 5000},
		"60 photos":       {portraits(t, 60), 60},
	} {
		if done, err := r.load(t, c.body, false); err != nil || done.Entries != c.want {
			t.Errorf("%s: %d entries, %v", name, done.Entries, err)
		}
	}
}

// BenchmarkImport checks a file as organizers do before they import it.
func BenchmarkImport(b *testing.B) {
	r := opened(b)
	for name, body := range map[string][]byte{"rows": rows(5000, false), "namesakes": rows(5000, true), "photos": portraits(b, 60)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.load(b, body, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
