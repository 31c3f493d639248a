package form

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/laurel-awards/laurel/services/nomination"
)

// Fingerprint is the same for two forms that say the same: name, employer,
// region and deeds, compared by Key. 64 hexadecimal digits.
func Fingerprint(n nomination.Nominee) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{Key(n.Name), Key(n.Employer), Key(n.Region), Key(n.Deeds)}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// alike is the share of common letter pairs from which two lines mean the same.
const alike = 0.6

// Likeness is what two forms are compared by.
type Likeness struct {
	Name     string // by Key
	employer string
	region   string
}

// LikenessOf prepares a form to be compared with many.
func LikenessOf(n nomination.Nominee) Likeness {
	return Likeness{Key(n.Name), Key(n.Employer), Key(n.Region)}
}

// Resembles tells whether two forms may mean the same nominee: the same name at a
// similar employer or in a similar region. The name alone is not enough.
func (l Likeness) Resembles(m Likeness) bool {
	return l.Name == m.Name && (similar(l.employer, m.employer) || similar(l.region, m.region))
}

// similar compares lines that people abbreviate: 兰州 and 兰州市, a company and
// its branch. Both are keys.
func similar(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	return strings.Contains(a, b) || strings.Contains(b, a) || dice(a, b) >= alike
}

// dice is the Sørensen–Dice coefficient of the letter pairs of two lines.
func dice(a, b string) float64 {
	pairs, total, common := make(map[[2]rune]int), 0, 0
	each(a, func(p [2]rune) { pairs[p]++; total++ })
	each(b, func(p [2]rune) {
		total++
		if pairs[p] > 0 {
			pairs[p]--
			common++
		}
	})
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}

func each(s string, pair func([2]rune)) {
	r := []rune(s)
	for i := 1; i < len(r); i++ {
		pair([2]rune{r[i-1], r[i]})
	}
}
