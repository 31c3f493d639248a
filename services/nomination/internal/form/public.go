package form

import (
	"maps"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/privacy"
	"github.com/laurel-awards/laurel/services/nomination"
)

// Public is what everybody may read of a form: numbers of phones, identity cards and
// bank cards, mail addresses and homes are hidden in all of its text.
func Public(n nomination.Nominee) nomination.Nominee {
	for _, text := range []*string{&n.Name, &n.Employer, &n.Region, &n.Deeds, &n.RecommendedBy} {
		*text = privacy.Mask(*text)
	}
	attributes := n.Attributes
	n.Attributes = nil
	for id, text := range attributes {
		if n.Attributes == nil {
			n.Attributes = make(map[string]string, len(attributes))
		}
		n.Attributes[id] = privacy.Mask(text)
	}
	return n
}

// Hidden tells, by field, what Public hides: whoever knows better writes it otherwise.
func Hidden(n nomination.Nominee) (doubts []fault.Field) {
	fields := Fields(n)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		text, masked := []rune(fields[field]), []rune(privacy.Mask(fields[field]))
		if field == Photo {
			continue
		}
		var shown []string
		for _, found := range privacy.Find(fields[field]) {
			if piece := string(masked[found.First:found.Next]); piece != string(text[found.First:found.Next]) {
				shown = append(shown, piece)
			}
		}
		if len(shown) > 0 {
			doubts = append(doubts, fault.Wrong(field, "hidden_in_public", "has what nobody but staff will read whole: {shown}", "shown", strings.Join(shown, ", ")))
		}
	}
	return doubts
}
