package page

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"github.com/laurel-awards/laurel/services/nomination"
)

// How a list is ordered.
const (
	sortFair   = "fair" // another order for each visitor, so that nobody profits by being first
	sortNumber = "number"
)

func sortOf(text string) string {
	if text == sortNumber {
		return sortNumber
	}
	return sortFair
}

// ordered copies the list in the order that was asked for. The fair order is a
// permutation that depends on the visitor's seed and the selection alone, so a
// visitor always meets the same one. Struck candidates come last.
func ordered(list []nomination.Candidate, order, seed, slug string) []nomination.Candidate {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b nomination.Candidate) int { return cmp.Compare(a.Number, b.Number) })
	if order == sortFair {
		sum := sha256.Sum256([]byte(seed + "/" + slug))
		rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))) //nolint:gosec // an order, not a secret
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	slices.SortStableFunc(list, func(a, b nomination.Candidate) int {
		switch {
		case a.Struck == b.Struck:
			return 0
		case a.Struck:
			return 1
		}
		return -1
	})
	return list
}

// maxQuery is the longest search, in bytes.
const maxQuery = 100

// queryOf cleans what somebody searched for.
func queryOf(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	return text
}

// matches tells whether a candidate is what somebody searched for: the number,
// or a part of name, employer or region. Full-width signs are as good.
func matches(c nomination.Candidate, number int, query string) bool {
	if number > 0 {
		return c.Number == number
	}
	return strings.Contains(plain(c.Name), query) || strings.Contains(plain(c.Employer), query) ||
		strings.Contains(plain(c.Region), query)
}

func plain(s string) string { return strings.ToLower(width.Fold.String(s)) }
