// Package privacy finds what identifies or locates a person in text that is about to
// become public (numbers of phones, resident identity cards and bank cards, mail
// addresses, homes), and hides the part of it that does.
//
// It knows the forms that are usual in China. It goes by form alone: a number of
// eleven digits that looks like a mobile phone's is taken for one.
package privacy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is a sort of what is found.
type Kind string

// The kinds.
const (
	Phone    Kind = "phone"     // mobile, or with its area code
	Identity Kind = "identity"  // resident identity card, of 18 or 15 digits (GB 11643)
	BankCard Kind = "bank_card" // of 16 to 19 digits with a right check digit (ISO/IEC 7812)
	Mail     Kind = "mail"
	Home     Kind = "home" // an address down to the flat
)

// Finding is something that was found.
type Finding struct {
	Kind  Kind
	First int // in runes
	Next  int // behind it
}

// Mask hides what is found: 138****1234, 620102********1234, j****@example.org,
// 12号*单元***室. Text in which nothing is found stays as it is.
func Mask(text string) string {
	if !suspicious(text) {
		return text
	}
	runes := []rune(text)
	found := find(runes)
	for _, f := range found {
		hide(runes[f.First:f.Next], f.Kind)
	}
	if len(found) == 0 {
		return text
	}
	return string(runes)
}

// Find gives what is found in a text, in order.
func Find(text string) []Finding {
	if !suspicious(text) {
		return nil
	}
	return find([]rune(text))
}

// suspicious tells whether it is worth to look closer: there is an @, or there are
// digits enough.
func suspicious(text string) bool {
	digits := 0
	for _, r := range text {
		if r == '@' || r == '＠' {
			return true
		}
		if digit(r) >= 0 {
			digits++
		}
	}
	return digits >= 2
}

func find(runes []rune) (found []Finding) {
	for _, s := range spans(runes) {
		found = append(found, numbers(runes, s)...)
	}
	found = append(found, matches(runes, mail, Mail)...)
	found = append(found, matches(runes, home, Home)...)
	slices.SortFunc(found, func(a, b Finding) int { return cmp.Or(a.First-b.First, b.Next-a.Next) })
	next := 0
	return slices.DeleteFunc(found, func(f Finding) bool { // what overlaps
		if f.First < next {
			return true
		}
		next = f.Next
		return false
	})
}

var (
	mail = regexp.MustCompile(`[A-Za-z0-9._%+-]+[@＠][\pL\pN-]+(?:\.[\pL\pN-]+)+`)
	flat = `\pL{0,8}?[A-Za-z-]*[0-9０-９][A-Za-z0-9０-９-]*`
	home = regexp.MustCompile(`[0-9０-９]+号(?:` + flat + `(?:号楼|单元|栋|幢|座|楼|层))*` + flat + `(?:室|户|单元)`)
)

func matches(runes []rune, form *regexp.Regexp, kind Kind) (found []Finding) {
	text := string(runes)
	for _, m := range form.FindAllStringIndex(text, -1) {
		first := utf8.RuneCountInString(text[:m[0]])
		found = append(found, Finding{kind, first, first + utf8.RuneCountInString(text[m[0]:m[1]])})
	}
	return found
}

// digit is the value of a digit, in full width, too; -1: it is none.
func digit(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= '０' && r <= '９':
		return int(r - '０')
	}
	return -1
}

// group is digits without anything between them.
type group struct{ first, next int }

// spans are groups that stand apart by one space or hyphen, together.
func spans(runes []rune) (all [][]group) {
	for i := 0; i < len(runes); {
		if digit(runes[i]) < 0 {
			i++
			continue
		}
		g := group{first: i}
		for i < len(runes) && digit(runes[i]) >= 0 {
			i++
		}
		if g.next = i; i-g.first == 17 && i < len(runes) && unicode.ToUpper(runes[i]) == 'X' {
			i++
			g.next = i
		}
		if n := len(all); n > 0 {
			if last := all[n-1][len(all[n-1])-1]; g.first == last.next+1 && strings.ContainsRune(" -－—–", runes[last.next]) {
				all[n-1] = append(all[n-1], g)
				continue
			}
		}
		all = append(all, []group{g})
	}
	return all
}

// numbers finds numbers of people in groups: the longest first.
func numbers(runes []rune, groups []group) (found []Finding) {
	for i := 0; i < len(groups); i++ {
		for j := len(groups); j > i; j-- {
			kind, skip := classify(runes, groups[i:j])
			if kind == "" {
				continue
			}
			found = append(found, Finding{kind, groups[i].first + skip, groups[j-1].next})
			i = j - 1
			break
		}
	}
	return found
}

// counted are signs behind a number that say that it counts something.
const counted = "元万亿件人次票个名户份%％"

// classify says what groups are together, by their lengths and digits; skip is how
// many runes at the front are the country's.
func classify(runes []rune, groups []group) (kind Kind, skip int) {
	end := groups[len(groups)-1].next
	if end < len(runes) && strings.ContainsRune(counted, runes[end]) {
		return "", 0
	}
	var digits []byte
	lengths := make([]byte, 0, len(groups))
	for _, g := range groups {
		lengths = append(lengths, byte('a'+min(g.next-g.first, 25)))
		for _, r := range runes[g.first:g.next] {
			if d := digit(r); d >= 0 {
				digits = append(digits, byte('0'+d))
			} else {
				digits = append(digits, 'X')
			}
		}
	}
	text, shape := string(digits), string(lengths)
	if local, ok := strings.CutPrefix(text, "86"); ok && len(local) == 11 && mobile(local) {
		return Phone, country(groups[0])
	}
	switch {
	case mobile(text) && oneOf(shape, 11, "3-4-4", "3-8", "4-4-3", "7-4"):
		return Phone, 0
	case landline(text) && oneOf(shape, len(text), "3-8", "4-7", "4-8", "3-4-4", "4-3-4", "4-4-4"):
		return Phone, 0
	case identity(text) && oneOf(shape, len(text), "6-8-4", "6-4-4-4", "3-3-4-4-4"):
		return Identity, 0
	case bankCard(text) && oneOf(shape, len(text), "4-4-4-4", "4-4-4-4-1", "4-4-4-4-2", "4-4-4-4-3", "6-13", "6-10"):
		return BankCard, 0
	}
	return "", 0
}

// country is how many runes of the first group are the country's code.
func country(g group) int {
	if g.next-g.first == 2 {
		return 3 // with what stands behind it
	}
	return 2
}

// oneOf tells whether groups of these lengths are one group of n, or in one of the
// ways that people write them.
func oneOf(shape string, n int, ways ...string) bool {
	if len(shape) == 1 {
		return int(shape[0]-'a') == n
	}
	return slices.ContainsFunc(ways, func(way string) bool {
		parts := strings.Split(way, "-")
		if len(parts) != len(shape) {
			return false
		}
		for i, p := range parts {
			length := 0
			for _, r := range p {
				length = 10*length + digit(r)
			}
			if int(shape[i]-'a') != length {
				return false
			}
		}
		return true
	})
}

func mobile(s string) bool { return len(s) == 11 && s[0] == '1' && s[1] >= '3' }

// landline tells a number with its area code: 010, 02x, or three digits behind a 0.
func landline(s string) bool {
	if len(s) < 10 || s[0] != '0' || strings.Contains(s, "X") {
		return false
	}
	area := 4
	if s[1] == '1' || s[1] == '2' {
		area = 3
	}
	local := len(s) - area
	return s[1] != '0' && (local == 7 || local == 8) && s[area] >= '2'
}

// identity tells a number with a date of birth in it. Its check digit is not looked
// at: a number with a slip of the pen is somebody's, too.
func identity(s string) bool {
	switch len(s) {
	case 18:
		return (s[6:8] == "19" || s[6:8] == "20") && date(s[10:14]) && s[0] != '0'
	case 15:
		return date(s[8:12]) && s[0] >= '1' && s[0] <= '8' && !strings.Contains(s, "X")
	}
	return false
}

func date(monthDay string) bool {
	month := 10*int(monthDay[0]-'0') + int(monthDay[1]-'0')
	day := 10*int(monthDay[2]-'0') + int(monthDay[3]-'0')
	return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

func bankCard(s string) bool {
	if len(s) < 16 || len(s) > 19 || strings.Contains(s, "X") || strings.Count(s, s[:1]) == len(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// hide puts stars for the part that tells whose it is.
func hide(runes []rune, kind Kind) {
	first, last := 0, 0 // digits that stay
	switch kind {
	case Phone:
		if first, last = 3, 4; digit(runes[0]) == 0 && digit(runes[1]) > 2 {
			first = 4
		}
	case Identity, BankCard:
		first, last = 6, 4
	case Mail:
		for i := 1; i < len(runes) && runes[i] != '@' && runes[i] != '＠'; i++ {
			runes[i] = '*'
		}
		return
	case Home: // behind the number of the house
		runes = runes[slices.Index(runes, '号'):]
	}
	var at []int
	for i, r := range runes {
		if digit(r) >= 0 || kind != Home && unicode.ToUpper(r) == 'X' {
			at = append(at, i)
		}
	}
	for _, i := range at[first : len(at)-last] {
		runes[i] = '*'
	}
}
