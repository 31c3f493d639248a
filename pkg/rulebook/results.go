package rulebook

import "cmp"

// Results is what everybody is told of the result. Whatever it leaves out is not
// published anywhere; organizers and auditors have it.
type Results struct {
	Show   string // who of those without an award: ShowAll by default
	Scores string // ScoresAll by default
}

// Who is shown beside those who have an award.
const (
	ShowAwarded     = "awarded"     // nobody
	ShowShortlisted = "shortlisted" // those who were shortlisted
	ShowAll         = "all"
)

// What is shown of scores, of whoever is shown.
const (
	ScoresNone  = "none"
	ScoresTotal = "total" // totals alone
	ScoresAll   = "all"   // with their components and the reasons
)

// Shown is Show or its default.
func (r Results) Shown() string { return cmp.Or(r.Show, ShowAll) }

// Told is Scores or its default.
func (r Results) Told() string { return cmp.Or(r.Scores, ScoresAll) }

// Whole tells whether nothing is left out, so that everybody can compute the
// result again.
func (r Results) Whole() bool { return r.Shown() == ShowAll && r.Told() == ScoresAll }

// results reads it; a shortlist is shown only where there is one.
func (r *reader) results(f field, rb *Rulebook) Results {
	f = f.mapping("show", "scores")
	show := f.get("show")
	out := Results{
		Show:   show.choice("", ShowAwarded, ShowShortlisted, ShowAll),
		Scores: f.get("scores").choice("", ScoresNone, ScoresTotal, ScoresAll),
	}
	if out.Show == ShowShortlisted && !rb.Shortlist.IsSet() {
		show.fail("no_shortlist", "the rulebook has no shortlist")
	}
	return out
}

// names reads a list of texts.
func (r *reader) names(f field) []Text {
	var names []Text
	for _, item := range f.all() {
		if name := item.localized(); name != nil {
			names = append(names, name)
		}
	}
	return names
}
