// Package form knows what a nomination form may say: it puts typed text in
// order, names every mistake, and tells when two forms mean the same nominee.
package form

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
)

// The fields of the form, by their names in nomination.Nominee's JSON.
const (
	Name          = "name"
	Gender        = "gender"
	Category      = "category"
	Employer      = "employer"
	Region        = "region"
	Years         = "years"
	Deeds         = "deeds"
	RecommendedBy = "recommended_by"
	Photo         = "photo"
)

// The bounds of the fields, in characters, and of the years.
const (
	MaxName  = 100
	MaxLine  = 200 // employer, region, recommending body, an attribute
	MaxDeeds = 5000
	MaxYears = 80
)

// Problem is what is wrong with a field; Field is one of the constants, or
// "attributes." and an attribute.
type Problem struct {
	Field   string
	Message string
}

// Form is the rules for the nominees of one selection.
type Form struct {
	rules    *rulebook.Rulebook
	required []string
}

// For gives the form of a rulebook. Beside name, employer, region and deeds it
// requires what the rulebook's quotas look at, and the category where there
// are some.
func For(rules *rulebook.Rulebook) Form {
	f := Form{rules, []string{Name, Employer, Region, Deeds}}
	require := func(field string) {
		if !slices.Contains(f.required, field) {
			f.required = append(f.required, field)
		}
	}
	if len(rules.Categories) > 0 {
		require(Category)
	}
	for _, q := range rules.Quotas {
		if slices.Contains(rules.Attributes, q.Attribute) {
			require(Attribute(q.Attribute))
		} else {
			require(q.Attribute)
		}
	}
	return f
}

// Attribute is the field of an attribute that the rulebook adds.
func Attribute(id string) string { return "attributes." + id }

// Attributes are the attributes that the rulebook adds.
func (f Form) Attributes() []string { return f.rules.Attributes }

// Required are the fields that must not be empty.
func (f Form) Required() []string { return f.required }

// Clean puts a nominee's text in order and lists every mistake. What is at
// fault is left out of the nominee that it gives.
func (f Form) Clean(n nomination.Nominee) (nomination.Nominee, []Problem) {
	c := &check{}
	out := nomination.Nominee{
		Name:          c.text(Name, personName(n.Name), MaxName),
		Employer:      c.text(Employer, line(n.Employer), MaxLine),
		Region:        c.text(Region, line(n.Region), MaxLine),
		Deeds:         c.text(Deeds, prose(n.Deeds), MaxDeeds),
		RecommendedBy: c.text(RecommendedBy, line(n.RecommendedBy), MaxLine),
		Gender:        c.gender(n.Gender),
		Category:      c.category(f.rules.Categories, n.Category),
	}
	if message := nameMistake(out.Name, f.rules.Nominee); message != "" {
		c.add(Name, message)
		out.Name = ""
	}
	if n.Years != nil {
		if *n.Years < 0 || *n.Years > MaxYears {
			c.add(Years, fmt.Sprintf("is a whole number from 0 to %d, not %d", MaxYears, *n.Years))
		} else {
			years := *n.Years
			out.Years = &years
		}
	}
	out.Attributes = c.attributes(f.rules.Attributes, n.Attributes)
	for _, field := range f.required {
		if value(out, field) == "" && !c.has(field) {
			c.add(field, "is missing")
		}
	}
	return out, c.problems
}

// ParseYears reads years as people type them: 8, ８, 8年, 8 years.
func ParseYears(s string) (*int, *Problem) {
	text := Key(s)
	if text == "" {
		return nil, nil
	}
	for _, unit := range []string{"年", "years", "year"} {
		text = strings.TrimSuffix(text, unit)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > MaxYears {
		return nil, &Problem{Years, fmt.Sprintf("is a whole number from 0 to %d, not %s", MaxYears, Quote(s))}
	}
	return &n, nil
}

// Quote shows what was typed, shortened.
func Quote(s string) string {
	const most = 24
	r := []rune(line(s))
	if len(r) > most {
		r = append(r[:most], '…')
	}
	return strconv.Quote(string(r))
}

// Values are what quotas look at: the fields of rulebook.KnownAttributes and
// the rulebook's own, without the empty ones.
func Values(n nomination.Nominee) map[string]string {
	values := make(map[string]string)
	for k, v := range n.Attributes {
		values[k] = v
	}
	for _, field := range []string{Employer, Region, Gender, Category, RecommendedBy, Years} {
		if v := value(n, field); v != "" {
			values[field] = v
		}
	}
	return values
}

func value(n nomination.Nominee, field string) string {
	switch field {
	case Name:
		return n.Name
	case Gender:
		return n.Gender
	case Category:
		return n.Category
	case Employer:
		return n.Employer
	case Region:
		return n.Region
	case Deeds:
		return n.Deeds
	case RecommendedBy:
		return n.RecommendedBy
	case Years:
		if n.Years == nil {
			return ""
		}
		return strconv.Itoa(*n.Years)
	}
	id, _ := strings.CutPrefix(field, "attributes.")
	return n.Attributes[id]
}

type check struct{ problems []Problem }

func (c *check) add(field, message string) {
	c.problems = append(c.problems, Problem{field, message})
}

func (c *check) has(field string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Field == field })
}

// nameMistake is what is wrong with a name that is not empty. A person's has
// letters and the few signs of names in the world's scripts; a team's or a
// project's also digits and quotes, but it begins like a name, not like a
// formula.
func nameMistake(name, nominee string) string {
	switch {
	case name == "":
		return ""
	case !strings.ContainsFunc(name, unicode.IsLetter):
		return "has no letter"
	case strings.ContainsRune("=+-@", rune(name[0])):
		return "begins like a formula"
	}
	if nominee != rulebook.NomineePerson && nominee != "" {
		return ""
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(" ·•.-'’()（）", r) {
			return Quote(string(r)) + " does not belong in a person's name"
		}
	}
	return ""
}

// text checks the length, and that no spreadsheet would run it as a formula.
func (c *check) text(field, s string, most int) string {
	if field != Name && strings.HasPrefix(s, "=") {
		c.add(field, "begins like a formula")
		return ""
	}
	if n := utf8.RuneCountInString(s); n > most {
		c.add(field, fmt.Sprintf("has %d characters; at most %d are taken", n, most))
		return ""
	}
	return s
}

func (c *check) gender(s string) string {
	switch Key(s) {
	case "":
		return ""
	case "女", "female":
		return "female"
	case "男", "male":
		return "male"
	}
	c.add(Gender, "is 女, 男, female or male, not "+Quote(s))
	return ""
}

// category takes an id or a title in any language.
func (c *check) category(known []rulebook.Category, s string) string {
	key := Key(s)
	if key == "" {
		return ""
	}
	if len(known) == 0 {
		c.add(Category, "the rulebook has no categories")
		return ""
	}
	names := make([]string, 0, len(known))
	for _, k := range known {
		if Key(k.ID) == key {
			return k.ID
		}
		for _, title := range k.Title {
			if Key(title) == key {
				return k.ID
			}
		}
		if title := k.Title.In("zh", "en"); title != "" {
			names = append(names, title)
		} else {
			names = append(names, k.ID)
		}
	}
	c.add(Category, "is one of "+strings.Join(names, ", ")+", not "+Quote(s))
	return ""
}

func (c *check) attributes(known []string, given map[string]string) map[string]string {
	var out map[string]string
	for _, id := range slices.Sorted(maps.Keys(given)) {
		v := given[id]
		if !slices.Contains(known, id) {
			c.add(Attribute(table.Text(id)), "the rulebook has no such attribute")
			continue
		}
		if v = c.text(Attribute(id), line(v), MaxLine); v != "" {
			if out == nil {
				out = make(map[string]string, len(given))
			}
			out[id] = v
		}
	}
	return out
}
