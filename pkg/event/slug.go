package event

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
