package entry

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

const (
	foundPage = 50  // entries of a page by default
	maxWords  = 8   // of a search
	maxText   = 200 // characters of a search or a filter
	maxValues = 300 // to filter by, of each kind
)

// searched is what an entry is found by.
func searched(n nomination.Nominee) string {
	lines := []string{form.Key(n.Name), form.Key(n.Employer), form.Key(n.Region), form.Key(n.RecommendedBy)}
	for _, id := range slices.Sorted(maps.Keys(n.Attributes)) {
		lines = append(lines, form.Key(n.Attributes[id]))
	}
	return strings.Join(lines, "\n")
}

// order is the list's in SQL; the id makes it whole.
func order(s nomination.Sort) string {
	by, back := strings.CutPrefix(string(s), "-")
	column := map[nomination.Sort]string{
		nomination.SortName: `e.name COLLATE "zh-x-icu"`, nomination.SortEmployer: `e.employer COLLATE "zh-x-icu"`,
		nomination.SortRegion: `e.region COLLATE "zh-x-icu"`, nomination.SortRecommendedBy: `e.recommended_by COLLATE "zh-x-icu"`,
		nomination.SortNumber: `c.number`,
	}[nomination.Sort(by)]
	way := map[bool]string{true: " DESC"}[back]
	if column == "" {
		return `e.id` + way
	}
	return column + way + ` NULLS LAST, e.id` + way
}

// FindEntries implements nomination.Service.
func (e *Entries) FindEntries(ctx context.Context, in nomination.FindEntries) (nomination.EntriesFound, error) {
	out := nomination.EntriesFound{Entries: []nomination.Entry{}, Regions: []nomination.Value{}, RecommendedBy: []nomination.Value{}, Page: 1, Pages: 1}
	sel, err := e.deps.Selections.Get(ctx, e.deps.DB, in.Slug)
	if err != nil {
		return out, err
	}
	in.Sort = cmp.Or(in.Sort, nomination.SortSubmitted)
	if in.Limit <= 0 || in.Limit > maxPage {
		in.Limit = foundPage
	}
	if err := nomination.ErrInvalid.Check(findMistakes(in, sel.Rulebook)); err != nil {
		return out, err
	}
	w := where(in, sel.Rulebook)
	order := order(in.Sort)
	if err := e.deps.DB.GetContext(ctx, &out.Total, `
		SELECT count(*) FROM entry e LEFT JOIN candidate c ON c.entry = e.id AND c.recalled_at IS NULL WHERE `+w.text(), w.args...); err != nil {
		return out, fmt.Errorf("find entries: %w", err)
	}
	out.Pages = max(1, (out.Total+in.Limit-1)/in.Limit)
	out.Page = min(max(in.Page, 1), out.Pages)
	var ids []string
	if err := e.deps.DB.SelectContext(ctx, &ids, `
		SELECT e.id FROM entry e LEFT JOIN candidate c ON c.entry = e.id AND c.recalled_at IS NULL WHERE `+w.text()+`
		ORDER BY `+order+` LIMIT `+strconv.Itoa(in.Limit)+` OFFSET `+strconv.Itoa((out.Page-1)*in.Limit), w.args...); err != nil {
		return out, fmt.Errorf("find entries: %w", err)
	}
	if out.Entries, err = read(ctx, e.deps.DB, `left(e.deeds, 400)`, `e.id = ANY($1::uuid[]) ORDER BY `+order, pq.Array(ids)); err != nil {
		return out, err
	}
	for i := range out.Entries {
		out.Entries[i].Nominee.Deeds = form.Summary(out.Entries[i].Nominee.Deeds)
	}
	for column, to := range map[string]*[]nomination.Value{"region": &out.Regions, "recommended_by": &out.RecommendedBy} {
		if err := e.deps.DB.SelectContext(ctx, to, `
			SELECT `+column+` AS text, count(*) AS count FROM entry WHERE slug = $1 AND `+column+` <> ''
			GROUP BY `+column+` ORDER BY count(*) DESC, `+column+` LIMIT `+strconv.Itoa(maxValues), in.Slug); err != nil {
			return out, fmt.Errorf("find entries: %w", err)
		}
	}
	return out, nil
}

func findMistakes(in nomination.FindEntries, rules *rulebook.Rulebook) []fault.Field {
	var fields []fault.Field
	oneOf := func(name, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			fields = append(fields, fault.OneOf(name, allowed...))
		}
	}
	for name, text := range map[string]string{"text": in.Text, "region": in.Region, "recommended_by": in.RecommendedBy} {
		if len([]rune(text)) > maxText {
			fields = append(fields, fault.TooLong(name, maxText))
		}
	}
	oneOf("state", string(in.State), words(nomination.States())...)
	oneOf("opinion", in.Opinion, nomination.Opinions()...)
	oneOf("photo", string(in.Photo), words(nomination.Havings())...)
	oneOf("sort", string(in.Sort), words(nomination.Sorts())...)
	oneOf("department", in.Department, departments(rules)...)
	categories := make([]string, len(rules.Categories))
	for i, c := range rules.Categories {
		categories[i] = c.ID
	}
	oneOf("category", in.Category, categories...)
	slices.SortFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

func words[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = string(one)
	}
	return out
}

func departments(rules *rulebook.Rulebook) []string {
	ids := make([]string, len(rules.Vetting.Departments))
	for i, d := range rules.Vetting.Departments {
		ids[i] = d.ID
	}
	return ids
}

// conditions are what is asked of entries e, with the values in their places.
type conditions struct {
	all  []string
	args []any
}

// add takes a condition in which each ? is one of the values.
func (w *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		w.args = append(w.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.all = append(w.all, condition)
}

func (w *conditions) text() string { return strings.Join(w.all, " AND ") }

func where(in nomination.FindEntries, rules *rulebook.Rulebook) *conditions {
	w := &conditions{}
	w.add(`e.slug = ?`, in.Slug)
	w.search(in)
	for column, value := range map[string]string{
		"state": string(in.State), "category": in.Category, "region": in.Region, "recommended_by": in.RecommendedBy,
	} {
		if value != "" {
			w.add(`e.`+column+` = ?`, value)
		}
	}
	switch in.Photo {
	case nomination.With:
		w.add(`e.photo <> ''`)
	case nomination.Without:
		w.add(`e.photo = ''`)
	}
	if in.Opinion == nomination.Due {
		due := departments(rules)
		if in.Department != "" {
			due = []string{in.Department}
		}
		w.add(`e.state = 'submitted' AND (SELECT count(*) FROM opinion o WHERE o.entry = e.id AND o.department = ANY(?)) < cardinality(?::text[])`,
			pq.Array(due), pq.Array(due))
	} else if in.Opinion != "" || in.Department != "" {
		w.add(`EXISTS (SELECT FROM opinion o WHERE o.entry = e.id AND (? = '' OR o.department = ?) AND (? = '' OR o.verdict = ?))`,
			in.Department, in.Department, in.Opinion, in.Opinion)
	}
	return w
}

// search asks for entries in which each word of a text is, or for the candidate
// whose number it is. The index of grams finds them, and words are compared then.
func (w *conditions) search(in nomination.FindEntries) {
	var keys []string
	for word := range strings.FieldsSeq(in.Text) {
		if key := form.Key(word); key != "" && len(keys) < maxWords {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return
	}
	var found strings.Builder
	args := []any{}
	found.WriteString(`e.id IN (SELECT f.id FROM entry f WHERE `)
	for i, key := range keys {
		if i > 0 {
			found.WriteString(` AND `)
		}
		found.WriteString(`grams(f.slug, f.search) @> ?::text[] AND strpos(f.search, ?) > 0`)
		args = append(args, pq.Array(grams(in.Slug, key)), key)
	}
	if number, err := strconv.ParseInt(keys[0], 10, 32); err == nil && len(keys) == 1 {
		found.WriteString(` UNION ALL SELECT n.entry FROM candidate n WHERE n.slug = ? AND n.number = ? AND n.recalled_at IS NULL`)
		args = append(args, in.Slug, number)
	}
	found.WriteString(`)`)
	w.add(found.String(), args...)
}

// grams are what the index has of a word: its pairs of neighbours, or its only
// character.
func grams(slug, word string) []string {
	runes := []rune(word)
	if len(runes) == 1 {
		return []string{slug + "/" + word}
	}
	out := make([]string, 0, len(runes)-1)
	for i := range len(runes) - 1 {
		out = append(out, slug+"/"+string(runes[i:i+2]))
	}
	return out
}
