package migrations_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review/migrations"
)

// The database compares names as the other rooms do: each character that Go's
// tables know, alone and among others.
func TestPlain(t *testing.T) {
	db := testkit.Service(t, "review", phase.Set(), migrations.Set())
	var names []string
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if 0x1E030 <= r && r <= 0x1E08F { // newer than PostgreSQL 15's tables
			continue
		}
		if norm.Han(r) && norm.Key(string(r)) == string(r) && r%61 != 0 {
			continue // most ideographs are themselves: some of them will do
		}
		if r < 0xD800 || r > 0xDFFF && (unicode.IsGraphic(r) || unicode.IsControl(r) || unicode.Is(unicode.C, r) && r < 0xF0000) {
			names = append(names, string(r))
		}
	}
	single := len(names)
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		var b strings.Builder
		for range 2 + random.IntN(6) {
			b.WriteString(names[random.IntN(single)])
			b.WriteString([]string{"", " ", "·", "(", "e", "E", "方", "\u0301", "ß"}[random.IntN(9)])
		}
		names = append(names, b.String())
	}
	const most = 20_000
	wrong := 0
	for len(names) > 0 {
		part := names[:min(most, len(names))]
		names = names[len(part):]
		list, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		if err := db.Select(&keys, `
			SELECT plain(name) FROM json_array_elements_text($1) WITH ORDINALITY AS n (name, place) ORDER BY place`, string(list)); err != nil {
			t.Fatal(err)
		}
		for i, name := range part {
			if want := norm.Key(name); keys[i] != want {
				if wrong++; wrong <= 20 {
					t.Errorf("%+q: the database says %+q, Key %+q", name, keys[i], want)
				}
			}
		}
	}
	if wrong > 20 {
		t.Errorf("%d differ", wrong)
	}
}
