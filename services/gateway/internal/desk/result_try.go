package desk

import (
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/outcome"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
)

// What a trial shows: everybody whose award is another, up to a bound, and the
// first of its ranking.
const (
	shownChanges = 200
	shownRanked  = 60
)

// tryPage is what the result would be under other rules. What is tried stands in
// the page's address alone.
type tryPage struct {
	Back, Action string
	Form         *Form // with what is wrong
	Weights      []weightField
	Converts     []Field
	Panels       []leftOut
	Tried        []string // in words
	Trial        *trialView
}

// weightField is a component's weight, which a slider moves.
type weightField struct {
	Field

	Share   bool // it is typed in percent
	Own     string
	Most    string // the slider's end
	Step    string
	Default string
}

// leftOut are the jurors of a panel, to try without.
type leftOut struct {
	Title string
	Seats []leftOutSeat
}

type leftOutSeat struct {
	Value, Text string
	Out         bool
}

// trialView is what came of it.
type trialView struct {
	Said    string
	Changes []trialRow
	Further int // changes that are not shown
	Rows    []trialRow
	Open    []string // seats left to a tie, by award
}

type trialRow struct {
	Name, Total, Award, Own string
	Rank, OwnRank           int
	Gains, Loses            bool
}

func (d *desk) tryResult(c echo.Context, at *place) error {
	ctx := c.Request().Context()
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	book, query := rule.New(at.Printer, rules, d.Now()), c.QueryParams()
	data := tryPage{Back: at.Path("result"), Action: at.Path("result", "try"), Form: &Form{}}
	in := review.TryResult{Slug: at.Slug}
	data.ask(at, book, query, &in)
	status := http.StatusOK
	trial, err := d.app.TryResult(ctx, in)
	if known := fault.From(err); err != nil && (known.Kind == fault.Invalid || known.Kind == fault.Unavailable) {
		// The form stays, with what is wrong; the seats are those of no trial at all.
		if status, err = data.Form.refuse(at.Printer, err); err != nil {
			return err
		}
		trial, err = d.app.TryResult(ctx, review.TryResult{Slug: at.Slug})
	}
	if _, none := d.noResult(at, err); none {
		return c.Redirect(http.StatusSeeOther, data.Back) // which says why there is none
	}
	if err != nil {
		return err
	}
	data.spread()
	data.seats(at, rules, trial.Seats, in.Without)
	if status == http.StatusOK {
		list, err := d.app.Candidates(ctx, at.Slug)
		if err != nil {
			return err
		}
		data.Trial = trialOf(at, rules, trial, list)
	}
	return d.render(c, at, web.Page{Name: "result-try", Status: status, Title: at.T("desk.try"), Data: data})
}

// ask makes the questions of the form, with what the query answers, and reads from
// that what is to be tried: what is left as it is follows the rulebook.
func (p *tryPage) ask(at *place, book rule.Book, query url.Values, in *review.TryResult) {
	in.Weights, in.Converts = map[string]string{}, map[string]string{}
	seen := map[string]bool{}
	for _, one := range book.Rules.Composite.Components {
		if seen[one.Source] || one.Source == rulebook.SourceRanked {
			continue
		}
		seen[one.Source] = true
		w := weightOf(one.Weight)
		w.Name, w.Label, w.Kind, w.Value = strings.Join([]string{"weights", one.Source}, "."), book.Source(one.Source), "number", w.Default
		if typed := strings.TrimSpace(query.Get(w.Name)); query.Has(w.Name) && typed != w.Default {
			w.Value = typed
			if in.Weights[one.Source] = typed; w.Share {
				in.Weights[one.Source] += "%"
			}
			p.Tried = append(p.Tried, at.T("desk.try.weight", "source", w.Label, "weight", in.Weights[one.Source]))
		}
		p.Weights = append(p.Weights, w)
		f := Field{Name: strings.Join([]string{"converts", one.Source}, "."), Kind: "select", Label: w.Label, Options: []Option{
			{Text: at.T("desk.try.convert.own", "rule", book.Convert(one.Convert))},
		}}
		for _, method := range []string{rulebook.ConvertNone, rulebook.ConvertProportional, rulebook.ConvertRank} {
			if method != one.Convert.Method {
				f.Options = append(f.Options, Option{Value: method, Text: at.T("desk.try.convert." + method)})
			}
		}
		if f.Value = query.Get(f.Name); f.Value != "" {
			in.Converts[one.Source] = "{method: " + f.Value + "}"
			if i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Value == f.Value }); i > 0 {
				p.Tried = append(p.Tried, at.T("desk.try.converted", "source", w.Label, "how", f.Options[i].Text))
			} else {
				in.Converts[one.Source] = "-" // no conversion: the service says so
			}
		}
		p.Converts = append(p.Converts, f)
	}
	for _, value := range query["without"] {
		panel, juror, _ := strings.Cut(value, "/")
		in.Without = append(in.Without, review.Seat{Panel: panel, Juror: juror})
	}
	for _, w := range p.Weights {
		p.Form.Fields = append(p.Form.Fields, w.Field)
	}
	p.Form.Fields = append(p.Form.Fields, p.Converts...)
}

// spread gives each question what the form says of it.
func (p *tryPage) spread() {
	for i, w := range p.Weights {
		p.Weights[i].Wrong = p.Form.Field(w.Name).Wrong
	}
	for i, f := range p.Converts {
		p.Converts[i].Wrong = p.Form.Field(f.Name).Wrong
	}
}

// weightOf is the field of a weight: in percent where the rulebook writes it so.
func weightOf(n rulebook.Number) weightField {
	own := n.Rat()
	if !n.IsSet() {
		own = big.NewRat(1, 1)
	}
	most := new(big.Rat).Mul(own, big.NewRat(2, 1))
	w := weightField{Share: n.IsShare()}
	if w.Share {
		own.Mul(own, big.NewRat(100, 1))
		most = big.NewRat(100, 1)
	}
	if most.Sign() == 0 {
		most = big.NewRat(1, 1)
	}
	w.Default, w.Most = fourDecimals(own), fourDecimals(most)
	w.Step = fourDecimals(most.Quo(most, big.NewRat(100, 1)))
	w.Own = w.Default
	if w.Share {
		w.Own += "%"
	}
	return w
}

// fourDecimals writes a number with at most four decimals.
func fourDecimals(r *big.Rat) string {
	text := r.FloatString(4)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// seats lists the jurors of each panel.
func (p *tryPage) seats(at *place, rules *rulebook.Rulebook, seats []review.TrialSeat, out []review.Seat) {
	for _, s := range seats {
		title := titleOfPanel(at, rules, s.Panel)
		if n := len(p.Panels); n == 0 || p.Panels[n-1].Title != title {
			p.Panels = append(p.Panels, leftOut{Title: title})
		}
		last := &p.Panels[len(p.Panels)-1]
		one := leftOutSeat{Value: s.Panel + "/" + s.Juror, Text: strings.TrimSpace(s.Juror + " " + s.Name), Out: slices.Contains(out, s.Seat)}
		last.Seats = append(last.Seats, one)
		if one.Out {
			p.Tried = append(p.Tried, at.T("desk.try.without", "panel", title, "juror", one.Text))
		}
	}
}

// trialOf shows what came of a trial beside what the rulebook says.
func trialOf(at *place, rules *rulebook.Rulebook, trial review.Trial, list []nomination.Candidate) *trialView {
	names, places, titles := map[int]string{}, map[string]int{"": len(rules.Awards)}, map[string]string{"": at.T("desk.try.none")}
	for _, c := range list {
		names[c.Number] = c.Name
	}
	for i, a := range rules.Awards {
		places[a.ID], titles[a.ID] = i, at.Words(a.Title)
	}
	v, changed := &trialView{}, 0
	for _, a := range trial.Awards {
		if a.Open > 0 {
			v.Open = append(v.Open, at.N("desk.result.open.of", int64(a.Open), "award", titles[a.ID]))
		}
	}
	for i, r := range trial.Ranked {
		row := trialRow{
			Name: numberAndName(r.Number, names[r.Number]), Rank: r.Rank, Total: outcome.Shortened(r.Total), OwnRank: r.Own.Rank,
			Award: titles[r.Award], Own: titles[r.Own.Award], Gains: places[r.Award] < places[r.Own.Award], Loses: places[r.Award] > places[r.Own.Award],
		}
		if row.Gains || row.Loses {
			if changed++; changed <= shownChanges {
				v.Changes = append(v.Changes, row)
			}
		}
		if i < shownRanked {
			v.Rows = append(v.Rows, row)
		}
	}
	v.Further = max(0, changed-shownChanges)
	v.Said = at.T("desk.try.same")
	if changed > 0 {
		v.Said = at.N("desk.try.changes", int64(changed))
	}
	return v
}
