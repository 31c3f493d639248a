package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/outcome"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// rankedPerPage is how many of the ranking stand on a page.
const rankedPerPage = 60

func (d *desk) mountResult() {
	d.section(app.ReadResult, "result", "desk.result", d.result)
	d.page(app.ReadResult, of+"/result/sensitivity", d.sensitivity)
	d.page(app.TryResult, of+"/result/try", d.tryResult)
	d.page(app.RecordLot, of+"/result/lot", d.lot)
	d.form(app.RecordLot, of+"/result/lot", "record", d.recordLot, "reason")
}

// resultPage is the computed result with every why.
type resultPage struct {
	None  []missing // why there is no result; else there is one
	Acts  []meetingLink
	Hash  string
	Lot   string // the value that lots were drawn from
	Given bool   // the seats were filled by a decision
	Lots  *lotView
	Award []awardView
	Ties  []tieView
	Over  []overView // who was passed over for a quota

	Quotas   []string // in words
	Columns  []string
	Rows     []outcome.Row
	Pager    Pager
	Filters  []Field
	Filtered bool
}

// awardView is who gets an award by the computation.
type awardView struct {
	outcome.Award

	Open int // seats left to a tie
}

// tieView is candidates whom the rules leave equal.
type tieView struct {
	Rank  int
	Text  string // whose award is at stake
	Names []string
}

// overView is why somebody does not get an award that lower ranked ones got.
type overView struct {
	Name, Award, Favour string
	Rank                int
	Quotas              []string // in words
	Taken               string   // who fills them
}

// lotView is the value that lots are drawn from.
type lotView struct {
	Source string
	Value  string
	Reason string
	At     *web.Moment
}

func (d *desk) result(c echo.Context, at *place) error {
	ctx := c.Request().Context()
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	var data resultPage
	if len(rules.Composite.Lot.Source) > 0 && at.Can(app.ReadLot) {
		data.Lots = d.lotOf(c, at, rules)
	}
	found, err := d.app.Computed(ctx, at.Slug)
	if none, ok := d.noResult(at, err); ok {
		data.None, data.Acts = none, d.resultActs(at, rules, false)
		return d.render(c, at, web.Page{Name: "result", Title: at.T("desk.result"), Data: data})
	}
	if err != nil {
		return err
	}
	book := rule.New(at.Printer, rules, d.Now())
	data.Hash, data.Lot, data.Given, data.Acts = found.Hash, found.Computed.Lot, found.Computed.Decided, d.resultActs(at, rules, true)
	shown, filters := filtered(c, at, rules, found)
	data.Filters, data.Filtered = filters, len(shown) < len(found.Ranking)
	data.Pager = pager(c, len(shown), rankedPerPage)
	shown = shown[max(0, data.Pager.First-1):data.Pager.Last]
	teller := d.teller(at, rules, shown, found.List)
	data.Columns, data.Rows = teller.Columns(), teller.Rows(shown)
	for i, list := range found.Computed.Awards {
		one := selection.AwardList{ID: list.Award, Seats: list.Seats, Title: awardOf(rules, list.Award).Title}
		for _, r := range found.Ranking {
			if r.Award == list.Award {
				one.Winners = append(one.Winners, r)
			}
		}
		data.Award = append(data.Award, awardView{teller.Award(i, one), list.Open})
	}
	for i := range rules.Quotas {
		data.Quotas = append(data.Quotas, book.Quota(i)...)
	}
	data.Ties, data.Over = ties(at, rules, found), passedOver(at, rules, book, found)
	return d.render(c, at, web.Page{Name: "result", Title: at.T("desk.result"), Data: data})
}

// noResult tells why there is none, where that is no failure.
func (d *desk) noResult(at *place, err error) ([]missing, bool) {
	known := fault.From(err)
	if err == nil || known.Kind != fault.Conflict && known.Kind != fault.Invalid {
		return nil, false
	}
	to := d.to(at, "phases")
	switch known.Code {
	case review.ErrMissing.Code:
		to = d.to(at, "panels")
	case review.ErrLot.Code:
		if to = ""; at.Can(app.RecordLot) {
			to = at.Path("result", "lot")
		}
	case ranking.CodeUndecided:
		if to = ""; at.Can(app.ReadSearch) {
			to = at.Path("search")
		}
	}
	texts := []Text{at.Fault(known)}
	for i, f := range known.Fields {
		if i == 50 { // the panels' pages have them all
			break
		}
		texts = append(texts, at.Field(f))
	}
	var all []missing
	for _, text := range texts {
		all = append(all, missing{text, to})
	}
	return all, true
}

// resultActs lead on from a result.
func (d *desk) resultActs(at *place, rules *rulebook.Rulebook, computed bool) (all []meetingLink) {
	offer := func(act app.Act, when bool, to, title, key string) {
		if when && at.Can(act) {
			all = append(all, meetingLink{Href: to, Text: at.T(title), Key: key, ID: "to-" + key})
		}
	}
	offer(app.TryResult, computed, at.Path("result", "try"), "desk.try", "t")
	offer(app.ReadResult, computed, at.Path("result", "sensitivity"), "desk.sensitivity", "s")
	offer(app.RecordLot, len(rules.Composite.Lot.Source) > 0, at.Path("result", "lot"), "desk.lot", "l")
	offer(app.ReadDecision, computed, at.Path("meeting"), "desk.meeting", "m")
	offer(app.PublishResult, computed && at.Selection.Decided, at.Path("publish"), "desk.publish", "p")
	return all
}

// filtered is the part of the ranking that is asked for.
func filtered(c echo.Context, at *place, rules *rulebook.Rulebook, found app.Computed) ([]selection.RankedCandidate, []Field) {
	query, award, kind := strings.ToLower(strings.TrimSpace(c.QueryParam("q"))), c.QueryParam("award"), c.QueryParam("category")
	filters := []Field{{Name: "q", Kind: "search", Label: at.T("desk.result.find"), Value: c.QueryParam("q"), Max: 100, Optional: true}}
	awards := Field{
		Name: "award", Kind: "select", Label: at.T("results.col.award"), Value: award, Optional: true,
		Options: []Option{{Text: at.T("desk.result.all")}},
	}
	for _, a := range rules.Awards {
		awards.Options = append(awards.Options, Option{Value: a.ID, Text: at.Words(a.Title)})
	}
	filters = append(filters, awards)
	if len(rules.Categories) > 0 {
		f := Field{Name: "category", Kind: "select", Label: at.label("category"), Value: kind, Optional: true, Options: []Option{{Text: at.T("desk.result.all")}}}
		for _, one := range rules.Categories {
			f.Options = append(f.Options, Option{Value: one.ID, Text: category(at, rules, one.ID)})
		}
		filters = append(filters, f)
	}
	shown := slices.DeleteFunc(slices.Clone(found.Ranking), func(r selection.RankedCandidate) bool {
		text := strings.ToLower(strconv.Itoa(r.Number) + " " + r.Name + " " + r.Employer)
		return award != "" && r.Award != award || kind != "" && found.ByNumber[r.Number].Category != kind || !strings.Contains(text, query)
	})
	return shown, filters
}

// named is a candidate by number and name.
func named(found app.Computed, id string) string {
	number, err := strconv.Atoi(id)
	if err != nil {
		return id
	}
	return numberAndName(number, found.ByNumber[number].Name)
}

func namedAll(found app.Computed, ids []string) (names []string) {
	for _, id := range ids {
		names = append(names, named(found, id))
	}
	return names
}

func awardOf(rules *rulebook.Rulebook, id string) rulebook.Award {
	if i := slices.IndexFunc(rules.Awards, func(a rulebook.Award) bool { return a.ID == id }); i >= 0 {
		return rules.Awards[i]
	}
	return rulebook.Award{ID: id}
}

func ties(at *place, rules *rulebook.Rulebook, found app.Computed) (all []tieView) {
	for _, tie := range found.Computed.Ties {
		var awards []string
		for _, id := range tie.Awards {
			awards = append(awards, at.Words(awardOf(rules, id).Title))
		}
		all = append(all, tieView{Rank: tie.Rank, Text: at.T("desk.result.tie", "rank", tie.Rank, "awards", at.List(awards)), Names: namedAll(found, tie.Candidates)})
	}
	return all
}

// passedOver tells of everybody whom a quota kept from an award.
func passedOver(at *place, rules *rulebook.Rulebook, book rule.Book, found app.Computed) (all []overView) {
	ranks := map[string]int{}
	for _, r := range found.Computed.Ranking {
		ranks[r.Candidate] = r.Rank
	}
	for _, r := range found.Computed.Ranking {
		for _, over := range r.Displaced {
			v := overView{
				Name: named(found, r.Candidate), Rank: r.Rank, Award: at.Words(awardOf(rules, over.Award).Title),
				Favour: at.T("desk.result.favour", "name", named(found, over.InFavour), "rank", ranks[over.InFavour]),
				Taken:  at.List(namedAll(found, over.Committed)),
			}
			for _, hit := range over.Quotas {
				v.Quotas = append(v.Quotas, book.Quota(hit.Quota-1)...)
			}
			all = append(all, v)
		}
	}
	return all
}

// lotOf is the value in force, and from where it is read.
func (d *desk) lotOf(c echo.Context, at *place, rules *rulebook.Rulebook) *lotView {
	v := &lotView{Source: at.Words(rules.Composite.Lot.Source)}
	if lot, err := d.app.Lot(c.Request().Context(), at.Slug); err == nil && lot.At != nil {
		v.Value, v.Reason, v.At = lot.Value, lot.Reason, new(at.moment(*lot.At))
	}
	return v
}

// lotPage records the value that lots are drawn from.
type lotPage struct {
	Lot  *lotView // nil: the rulebook has the value itself
	Form *Form
	Back string
}

func lotForm(at *place) *Form {
	return &Form{Action: at.Path("result", "lot", "record"), Button: at.T("desk.lot.record"), Fields: []Field{
		{Name: "value", Label: at.T("desk.lot.value"), Hint: at.T("desk.lot.value.hint"), Max: 200},
		{Name: "reason", Kind: "area", Label: at.T("desk.lot.reason"), Hint: at.T("desk.lot.reason.hint"), Max: 1000},
	}}
}

func (d *desk) lot(c echo.Context, at *place) error {
	return d.showLot(c, at, http.StatusOK, lotForm(at))
}

func (d *desk) showLot(c echo.Context, at *place, status int, form *Form) error {
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	data := lotPage{Back: at.Path("result")}
	if len(rules.Composite.Lot.Source) > 0 {
		data.Lot, data.Form = d.lotOf(c, at, rules), form
	}
	if form.Faulty() {
		data.Form = form
	}
	return d.render(c, at, web.Page{Name: "result-lot", Status: status, Title: at.T("desk.lot"), Data: data})
}

func (d *desk) recordLot(c echo.Context, at *place, typed url.Values) error {
	in := review.RecordLot{Slug: at.Slug, Value: typed.Get("value"), Reason: typed.Get("reason")}
	if _, err := d.app.RecordLot(c.Request().Context(), in); err != nil {
		form := lotForm(at)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showLot(c, at, status, form) })
	}
	return d.done(c, at.Path("result"), at.T("desk.lot.done"), nil)
}
