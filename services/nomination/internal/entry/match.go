package entry

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// matcher finds whose picture a file is by its name.
type matcher struct {
	by    nomination.By
	known map[string][]target // by what names are compared with
}

// target is an entry that may get a photo.
type target struct {
	ID       string `db:"id"`
	Key      string `db:"key"`
	Employer string `db:"employer"`
	Serial   string `db:"serial"`
}

// newMatcher reads what names are compared with.
func newMatcher(ctx context.Context, q sqlx.QueryerContext, slug string, by nomination.By) (*matcher, error) {
	key, args := `e.name_key`, []any{slug}
	switch by {
	case nomination.ByName:
	case nomination.ByNumber:
		key = `e.serial`
	default:
		key = `coalesce(e.attributes ->> $2, (SELECT min(n ->> 'text') FROM jsonb_array_elements(e.notes) AS n WHERE n ->> 'column' = $2), '')`
		args = append(args, string(by))
	}
	var all []target
	if err := sqlx.SelectContext(ctx, q, &all, `
		SELECT e.id, `+key+` AS key, e.employer, e.serial FROM entry e WHERE e.slug = $1 AND e.state = 'submitted' ORDER BY e.id`, args...); err != nil {
		return nil, fmt.Errorf("whose pictures: %w", err)
	}
	m := &matcher{by, make(map[string][]target, len(all))}
	for _, t := range all {
		if key := m.key(t.Key); key != "" {
			t.Employer, t.Serial = form.Key(t.Employer), plainNumber(t.Serial)
			m.known[key] = append(m.known[key], t)
		}
	}
	return m, nil
}

func (m *matcher) key(text string) string {
	if m.by == nomination.ByNumber {
		return plainNumber(text)
	}
	return form.Key(strings.Join(split(text), ""))
}

// plainNumber is a number without what it is filled up with; other text as it is
// compared.
func plainNumber(text string) string {
	key := form.Key(text)
	if key != "" && strings.Trim(key, "0123456789") == "" {
		if key = strings.TrimLeft(key, "0"); key == "" {
			key = "0"
		}
	}
	return key
}

// maxParts is how many parts of a file's name are looked at.
const maxParts = 12

// match gives the entry that a file's name fits: as a whole, else by some of its
// parts, of which others may tell namesakes apart. Why says why there is none.
func (m *matcher) match(name string) (entry string, why *fault.Field) {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	stem := strings.TrimSuffix(base, path.Ext(base))
	parts := split(stem)
	found := m.known[m.key(stem)]
	for size := len(parts); size > 0 && len(found) == 0; size-- {
		for i := 0; i+size <= len(parts); i++ {
			for _, t := range m.known[m.key(strings.Join(parts[i:i+size], " "))] {
				if !slices.Contains(found, t) {
					found = append(found, t)
				}
			}
		}
	}
	if len(found) > 1 {
		if told := slices.DeleteFunc(slices.Clone(found), func(t target) bool { return !t.toldBy(parts) }); len(told) == 1 {
			found = told
		}
	}
	switch len(found) {
	case 1:
		return found[0].ID, nil
	case 0:
		return "", unplaced("photo_unmatched", "fits no entry that waits for vetting")
	}
	return "", unplaced("photo_several", "fits {count} entries", "count", len(found))
}

func unplaced(code, message string, params ...any) *fault.Field {
	f := fault.Wrong("", code, message, params...)
	return &f
}

// toldBy tells whether the parts of a name say more of an entry than its name: its
// number or its employer.
func (t target) toldBy(parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool {
		key := form.Key(part)
		return t.Serial != "" && plainNumber(part) == t.Serial || len([]rune(key)) > 1 && strings.Contains(t.Employer, key)
	})
}

// split takes a name apart at spaces, dashes, brackets and the like, and between
// digits and letters.
func split(stem string) []string {
	var parts []string
	var part []rune
	end := func() {
		if len(part) > 0 && len(parts) < maxParts {
			parts = append(parts, string(part))
		}
		part = nil
	}
	for _, r := range stem {
		if unicode.IsSpace(r) || strings.ContainsRune("_-–—.,，、()（）[]【】+&#", r) {
			end()
			continue
		}
		if len(part) > 0 && unicode.IsDigit(r) != unicode.IsDigit(part[len(part)-1]) {
			end()
		}
		part = append(part, r)
	}
	end()
	return parts
}
