// Package form knows what a nomination form may say: it puts typed text in
// order, names every mistake, and tells when two forms mean the same nominee.
package form

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
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

// Form is the rules for the nominees of one selection.
type Form struct {
	rules    *rulebook.Rulebook
	required []string
}

// For gives the form of a rulebook. Besides name, employer, region and deeds it
// requires the attributes in the rulebook's quotas, and the category if the
// rulebook has categories.
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

// Headings are the further headings of a file's columns that the rulebook takes,
// by field.
func (f Form) Headings() map[string][]string {
	out := make(map[string][]string, len(f.rules.Headings))
	for _, h := range f.rules.Headings {
		field := h.Field
		if slices.Contains(f.rules.Attributes, field) {
			field = Attribute(field)
		}
		out[field] = h.Names
	}
	return out
}

// Required are the fields that must not be empty.
func (f Form) Required() []string { return f.required }

// Clean puts a nominee's text in order and lists every mistake; a mistake's name
// is one of the constants, or "attributes." and an attribute. The nominee that it
// gives lacks the fields at fault.
func (f Form) Clean(n nomination.Nominee) (nomination.Nominee, []fault.Field) {
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
	if wrong := nameMistake(out.Name, f.rules.Nominee); wrong != nil {
		c.add(*wrong)
		out.Name = ""
	}
	if n.Years != nil {
		if *n.Years < 0 || *n.Years > MaxYears {
			c.add(notYears(strconv.Itoa(*n.Years)))
		} else {
			years := *n.Years
			out.Years = &years
		}
	}
	out.Attributes = c.attributes(f.rules.Attributes, n.Attributes)
	for _, field := range f.required {
		if value(out, field) == "" && !c.has(field) {
			c.add(fault.Required(field))
		}
	}
	return out, c.fields
}

func notYears(typed string) fault.Field {
	return fault.Wrong(Years, "not_a_whole_number", "is a whole number from {min} to {max}, not {value}", "min", 0, "max", MaxYears, "value", typed)
}

// ParseYears reads years as people type them: 8, ８, 8年, 8 years.
func ParseYears(s string) (*int, *fault.Field) {
	text := Key(s)
	if text == "" {
		return nil, nil
	}
	for _, unit := range []string{"年", "years", "year"} {
		text = strings.TrimSuffix(text, unit)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > MaxYears {
		wrong := notYears(Quote(s))
		return nil, &wrong
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

// Fields are all that a form says, by field, empty ones among them but for
// attributes.
func Fields(n nomination.Nominee) map[string]string {
	fields := map[string]string{Photo: n.Photo}
	for _, field := range []string{Name, Gender, Category, Employer, Region, Years, Deeds, RecommendedBy} {
		fields[field] = value(n, field)
	}
	for id, text := range n.Attributes {
		fields[Attribute(id)] = text
	}
	return fields
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

type check struct{ fields []fault.Field }

func (c *check) add(f fault.Field) { c.fields = append(c.fields, f) }

func (c *check) has(field string) bool {
	return slices.ContainsFunc(c.fields, func(f fault.Field) bool { return f.Name == field })
}

func isFormula(field string) fault.Field {
	return fault.Wrong(field, "formula", "begins like a formula")
}

// nameMistake is what is wrong with a name that is not empty. A person's has
// letters and the few signs of names in the world's scripts. A team's or a
// project's may have other characters, too, but does not begin like a formula.
func nameMistake(name, nominee string) *fault.Field {
	var wrong fault.Field
	switch {
	case name == "":
		return nil
	case !strings.ContainsFunc(name, norm.Letter):
		wrong = fault.Wrong(Name, "no_letter", "has no letter")
		return &wrong
	case strings.ContainsRune("=+-@", rune(name[0])):
		wrong = isFormula(Name)
		return &wrong
	}
	if nominee != rulebook.NomineePerson && nominee != "" {
		return nil
	}
	for _, r := range name {
		if !norm.Letter(r) && !unicode.IsMark(r) && !norm.Dot(r) && !strings.ContainsRune(" .-'()", norm.Sign(r)) {
			wrong = fault.Wrong(Name, "not_in_a_name", "{value} does not belong in a person's name", "value", Quote(string(r)))
			return &wrong
		}
	}
	return nil
}

// text checks the length, and that no spreadsheet would run it as a formula.
func (c *check) text(field, s string, most int) string {
	if field != Name && strings.HasPrefix(s, "=") {
		c.add(isFormula(field))
		return ""
	}
	if utf8.RuneCountInString(s) > most {
		c.add(fault.TooLong(field, most))
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
	c.add(unlisted(Gender, []string{"女", "男", "female", "male"}, s))
	return ""
}

// category takes an id or a title in any language.
func (c *check) category(known []rulebook.Category, s string) string {
	key := Key(s)
	if key == "" {
		return ""
	}
	if len(known) == 0 {
		c.add(fault.Wrong(Category, "no_categories", "the rulebook has no categories"))
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
	c.add(unlisted(Category, names, s))
	return ""
}

func unlisted(field string, values []string, typed string) fault.Field {
	return fault.Wrong(field, "unlisted", "is one of {values}, not {value}", "values", strings.Join(values, ", "), "value", Quote(typed))
}

func (c *check) attributes(known []string, given map[string]string) map[string]string {
	var out map[string]string
	for _, id := range slices.Sorted(maps.Keys(given)) {
		v := given[id]
		if !slices.Contains(known, id) {
			c.add(fault.Wrong(Attribute(table.Text(id)), "unknown_attribute", "the rulebook has no such attribute"))
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
