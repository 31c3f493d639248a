package desk

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// draftItem is a key of a rulebook as the form shows it.
type draftItem struct {
	rulebook.Item

	ID       string // of its element
	Label    string
	Options  []Option
	Group    []draftItem // of a mapping, or the languages of a text
	Each     []draftItem // the items of a list: mappings
	Wrong    []Text
	Mistakes int // here and in what belongs to it

	apply string
}

// field is the name of an item's field in the form.
const fieldPrefix = "f:"

// Name is that of its field.
func (it draftItem) Name() string { return fieldPrefix + it.At }

// Apply is the address that takes the form's changes.
func (it draftItem) Apply() string { return it.apply }

// Long tells whether its text needs several lines.
func (it draftItem) Long() bool { return strings.Contains(it.Text, "\n") || len(it.Text) > 120 }

// Chosen tells whether an option is what is written.
func (it draftItem) Chosen(o Option) bool { return it.Text == o.Value }

// Described names what describes its control.
func (it draftItem) Described() string {
	if len(it.Wrong) == 0 {
		return ""
	}
	return it.ID + "-wrong"
}

// elementID is the id of a place's element.
func elementID(path string) string {
	return "f-" + strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(path)
}

// draftForm lays mistakes to the keys of a form. Those of a place that it does
// not show stand at the place above.
type draftForm struct {
	web.Printer

	wrong map[string][]Text
	apply string // address that takes the form's changes
}

func newDraftForm(t web.Printer, apply string, wrong []fault.Field, items []rulebook.Item) []draftItem {
	f := draftForm{t, map[string][]Text{}, apply}
	shown := map[string]bool{}
	placesOf(shown, items)
	for _, w := range wrong {
		if at := nearest(shown, w.Name); at != "" {
			f.wrong[at] = append(f.wrong[at], t.Field(w))
		}
	}
	return f.items(items)
}

// placesOf collects the places that a form shows.
func placesOf(shown map[string]bool, items []rulebook.Item) {
	for _, it := range items {
		shown[it.At] = true
		placesOf(shown, it.Items)
		placesOf(shown, it.Spoken)
		for i, one := range it.List {
			shown[itemPath(it.At, i)] = true
			placesOf(shown, one)
		}
	}
}

// itemPath is the place of an item of a list.
func itemPath(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// nearest is the place itself, or that which it belongs to; empty: there is none.
func nearest(shown map[string]bool, path string) string {
	for path != "" && !shown[path] {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return path
}

func (f draftForm) items(items []rulebook.Item) []draftItem {
	out := make([]draftItem, len(items))
	for i, it := range items {
		out[i] = f.item(it)
	}
	return out
}

func (f draftForm) item(it rulebook.Item) draftItem {
	name := it.Path[strings.LastIndexByte(it.Path, '.')+1:]
	if f.Has("rulekey." + it.Path) { // it means something else under this key
		name = it.Path
	}
	d := draftItem{Item: it, ID: elementID(it.At), Label: f.T("rulekey." + name), Wrong: f.wrong[it.At], apply: f.apply}
	switch it.Kind {
	case rulebook.KindMapping:
		d.Group = f.items(it.Items)
	case rulebook.KindLocalized:
		for _, s := range it.Spoken {
			one := draftItem{Item: s, ID: elementID(s.At), Label: f.language(s.Path), Wrong: f.wrong[s.At]}
			one.Mistakes = len(one.Wrong)
			d.Group = append(d.Group, one)
		}
	case rulebook.KindList:
		for i, one := range it.List {
			at := itemPath(it.At, i)
			each := draftItem{Item: rulebook.Item{At: at}, ID: elementID(at), Label: d.Label + " " + strconv.Itoa(i+1), Wrong: f.wrong[at], Group: f.items(one)}
			each.count()
			d.Each = append(d.Each, each)
		}
	case rulebook.KindChoice:
		d.Options = f.options(it.Path, it.Words, it.Text)
	case rulebook.KindTruth:
		d.Options = f.options(it.Path, []string{"true", "false"}, it.Text)
	case rulebook.KindWords, rulebook.KindText, rulebook.KindWhole, rulebook.KindNumber, rulebook.KindTime:
	}
	d.count()
	return d
}

// count sums the mistakes up.
func (it *draftItem) count() {
	it.Mistakes = len(it.Wrong)
	for _, one := range append(slices.Clip(it.Group), it.Each...) {
		it.Mistakes += one.Mistakes
	}
}

// language names a language tag.
func (f draftForm) language(tag string) string {
	if key := "rulelanguage." + tag; f.Has(key) {
		return f.T("rulelanguage." + tag)
	}
	return tag
}

// options are the words of a key, and what is written in their place. A word that
// means something else under this key has a text of its own.
func (f draftForm) options(path string, words []string, written string) []Option {
	all := []Option{{Text: f.T("desk.draft.unset")}}
	there := written == ""
	for _, w := range words {
		text := f.T("ruleword." + w)
		if own := "ruleword." + path + "." + w; f.Has(own) {
			text = f.T(own)
		}
		all = append(all, Option{Value: w, Text: text})
		there = there || w == written
	}
	if !there {
		all = append(all, Option{Value: written, Text: written})
	}
	return all
}

// draftChanges are what a sent form changes in a document: fields that say
// something else than it does.
func draftChanges(items []rulebook.Item, form url.Values) (changes []rulebook.Change) {
	for _, it := range items {
		changes = append(changes, draftChanges(it.Items, form)...)
		changes = append(changes, draftChanges(it.Spoken, form)...)
		for _, one := range it.List {
			changes = append(changes, draftChanges(one, form)...)
		}
		name := fieldPrefix + it.At
		if text := oneFeed(form.Get(name)); form.Has(name) && strings.TrimSpace(text) != strings.TrimSpace(it.Text) {
			changes = append(changes, rulebook.Change{Do: rulebook.DoSet, Path: it.At, Text: text})
		}
	}
	return changes
}

// oneFeed ends lines with line feeds, whatever browsers send.
func oneFeed(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
