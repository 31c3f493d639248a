package rulebook

import (
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/norm"
)

// Label gives the label of an attribute, without a title where it has none.
func (rb *Rulebook) Label(attribute string) Label {
	for _, l := range rb.Labels {
		if l.Attribute == attribute {
			return l
		}
	}
	return Label{Attribute: attribute}
}

// Of is what a value is called; nil where nothing else than it is.
func (l Label) Of(value string) Text {
	key := norm.Key(value)
	for _, v := range l.Values {
		if norm.Key(v.Value) == key {
			return v.Title
		}
	}
	return nil
}

func (r *reader) labels(f field, rb *Rulebook) []Label {
	var labels []Label
	once, known := unique(), append(KnownAttributes(), rb.Attributes...)
	for _, item := range f.all() {
		item = item.mapping("attribute", "title", "values")
		l := Label{Title: item.get("title").localized()}
		if attribute := item.get("attribute"); attribute.require() {
			if l.Attribute = attribute.id(); !slices.Contains(known, l.Attribute) {
				attribute.fail("attribute_unknown", `unknown attribute "{value}"; known are {values}; others are declared under attributes`,
					"value", escaped(l.Attribute), "values", strings.Join(known, ", "))
			}
			once(attribute, l.Attribute)
		}
		onceValue := unique()
		for _, v := range item.get("values").all() {
			v = v.mapping("value", "title")
			value, title := v.get("value"), v.get("title")
			if value.require() && title.require() {
				l.Values = append(l.Values, ValueLabel{value.words(), title.localized()})
				onceValue(value, norm.Key(value.words()))
			}
		}
		labels = append(labels, l)
	}
	return labels
}
