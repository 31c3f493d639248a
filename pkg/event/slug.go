package event

import "github.com/laurel-awards/laurel/pkg/fault"

// The length of a selection's slug in characters.
const (
	MinSlug = 3
	MaxSlug = 64
)

// ValidSlug tells whether slug may name a selection: [a-z0-9-]{3,64}, which is
// a token of a subject.
func ValidSlug(slug string) bool {
	for _, c := range []byte(slug) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return MinSlug <= len(slug) && len(slug) <= MaxSlug
}

// CheckSlug says what is wrong with the slug in the field "slug", or nothing.
func CheckSlug(slug string) []fault.Field {
	if ValidSlug(slug) {
		return nil
	}
	return []fault.Field{fault.Wrong("slug", "not_a_slug", "takes {min} to {max} small letters a to z, digits and hyphens",
		"min", MinSlug, "max", MaxSlug)}
}
