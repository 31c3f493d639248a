package desk

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

// versionView is what an entry said at a time, beside what it said before.
type versionView struct {
	Number  int
	Latest  bool
	By      string // empty: its author
	At      web.Moment
	Reason  string
	Changes []change // none of the first
	Photo   *photoChange
	Said    []versionOpinion
}

// change is a field that says something else, before and after.
type change struct {
	Label         string
	Before, After []piece
}

// piece is a part of a text, and whether the other lacks it.
type piece struct {
	Text    string
	Differs bool
}

// photoChange is the addresses of a photo before and after; empty: there was none.
type photoChange struct{ Before, After string }

// versionOpinion is an opinion on a version.
type versionOpinion struct {
	opinion
	Ended bool // the next correction took it back
}

// versions are those of an entry, the latest first; nil where there is one.
func (d *desk) versions(ctx context.Context, at *place, rules *rulebook.Rulebook, e nomination.Entry) ([]versionView, error) {
	if e.Version < 2 || e.Nominee.Name == "" {
		return nil, nil
	}
	all, err := d.app.Versions(ctx, nomination.OfEntry{Slug: at.Slug, Entry: e.ID})
	if err != nil {
		return nil, err
	}
	var out []versionView
	for i, v := range all {
		shown := versionView{Number: v.Number, Latest: i == 0, By: v.By, At: at.moment(v.At), Reason: v.Reason}
		if i+1 < len(all) {
			shown.Changes = changes(at, rules, v.Changed, all[i+1].Nominee, v.Nominee)
			if slices.Contains(v.Changed, "photo") {
				shown.Photo = &photoChange{Before: photoOf(at, e.ID, all[i+1]), After: photoOf(at, e.ID, v)}
			}
		}
		for _, o := range v.TakenBack {
			shown.Said = append(shown.Said, versionOpinion{said(at, rules, o), true})
		}
		for _, o := range v.Opinions {
			shown.Said = append(shown.Said, versionOpinion{said(at, rules, o), false})
		}
		out = append(out, shown)
	}
	return out, nil
}

func photoOf(at *place, entry string, v nomination.Version) string {
	if v.Nominee.Photo == "" {
		return ""
	}
	return at.Path("entries", entry, "photo") + "?version=" + strconv.Itoa(v.Number)
}

// said is an opinion as pages of entries show it.
func said(at *place, rules *rulebook.Rulebook, o nomination.Opinion) opinion {
	return opinion{
		Department: department(at, rules, o.Department), Verdict: at.T("desk.verdict." + o.Verdict), Reason: o.Reason, By: o.By, At: at.moment(o.At),
		Fail: o.Verdict == nomination.Fail,
	}
}

// changes are the fields that say something else, but for the photo.
func changes(at *place, rules *rulebook.Rulebook, fields []string, before, after nomination.Nominee) (out []change) {
	for _, field := range fields {
		if field == "photo" {
			continue
		}
		label, own := strings.CutPrefix(field, "attributes.")
		if !own {
			label = at.label(field)
		}
		c := change{Label: label}
		c.Before, c.After = compared(fieldText(at, rules, before, field), fieldText(at, rules, after, field))
		out = append(out, c)
	}
	return out
}

// fieldText is what a form says in a field, as pages show it.
func fieldText(at *place, rules *rulebook.Rulebook, n nomination.Nominee, field string) string {
	switch field {
	case "name":
		return n.Name
	case "gender":
		return genderOf(at, n.Gender)
	case "category":
		return category(at, rules, n.Category)
	case "employer":
		return n.Employer
	case "region":
		return n.Region
	case "years":
		if n.Years != nil {
			return at.N("fact.years.value", int64(*n.Years))
		}
		return ""
	case "deeds":
		return n.Deeds
	case "recommended_by":
		return cmp.Or(n.RecommendedBy, at.T("fact.self"))
	}
	id, _ := strings.CutPrefix(field, "attributes.")
	return n.Attributes[id]
}

// compared are two texts by their sentences, and which of them the other lacks.
func compared(before, after string) (a, b []piece) {
	for _, d := range differences(sentences(before), sentences(after)) {
		text := strings.ReplaceAll(d.Text, lineEnd, "\n")
		if text == "" {
			continue
		}
		if d.Side != "mine" {
			a = joined(a, piece{text, d.Side == "theirs"})
		}
		if d.Side != "theirs" {
			b = joined(b, piece{text, d.Side == "mine"})
		}
	}
	return a, b
}

// joined adds a piece to the last, if they are of a kind.
func joined(all []piece, p piece) []piece {
	if last := len(all) - 1; last >= 0 && all[last].Differs == p.Differs {
		all[last].Text += p.Text
		return all
	}
	return append(all, p)
}

// lineEnd stands for the line ends of a text while its sentences have a line each.
const lineEnd = "\x00"

// sentences puts each sentence of a text on a line of its own.
func sentences(text string) string {
	text = strings.ReplaceAll(text, "\n", lineEnd)
	for _, end := range []string{"。", "！", "？", "；", ". ", "! ", "? ", lineEnd} {
		text = strings.ReplaceAll(text, end, end+"\n")
	}
	return text
}
