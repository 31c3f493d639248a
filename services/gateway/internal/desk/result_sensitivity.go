package desk

import (
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/rule"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

// sensitivityPage tells how much hangs on each figure of the rulebook.
type sensitivityPage struct {
	Weights, Quotas []figureRow
	Back            string
}

// figureRow is a figure, and what becomes of the awards past it.
type figureRow struct {
	What, Now string
	Down, Up  movement
}

// movement is where an award changes hands, one way.
type movement struct {
	Text       string // from where on
	Gain, Lose []string
	Nothing    bool // nothing changes, however far
}

func (d *desk) sensitivity(c echo.Context, at *place) error {
	ctx := c.Request().Context()
	rules, err := d.app.RulebookOf(at.Selection)
	if err != nil {
		return err
	}
	found, err := d.app.Sensitivity(ctx, at.Slug)
	if _, none := d.noResult(at, err); none {
		return c.Redirect(http.StatusSeeOther, at.Path("result")) // which says why there is none
	}
	if err != nil {
		return err
	}
	list, err := d.app.Candidates(ctx, at.Slug)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(list))
	for _, one := range list {
		names[strconv.Itoa(one.Number)] = numberAndName(one.Number, one.Name)
	}
	data := sensitivityPage{Back: at.Path("result")}
	book := rule.New(at.Printer, rules, d.Now())
	for _, s := range found.Weights {
		data.Weights = append(data.Weights, weightRow(at, book, names, s))
	}
	for _, m := range found.Quotas {
		data.Quotas = append(data.Quotas, quotaRow(at, book, names, m))
	}
	return d.render(c, at, web.Page{Name: "result-sensitivity", Title: at.T("desk.sensitivity"), Data: data})
}

func weightRow(at *place, book rule.Book, names map[string]string, s review.WeightMove) figureRow {
	components := book.Rules.Composite.Components
	share := false
	if i := slices.IndexFunc(components, func(c rulebook.Component) bool { return c.Source == s.Source }); i >= 0 {
		share = components[i].Weight.IsShare()
	}
	row := figureRow{What: book.Source(s.Source), Now: weightText(s.Weight, share)}
	row.Down, row.Up = movement{Text: at.T("desk.sensitivity.weight.down.none"), Nothing: true}, movement{Text: at.T("desk.sensitivity.up.none"), Nothing: true}
	if s.Lower != nil {
		row.Down = movement{
			Text: at.T("desk.sensitivity.below", "weight", weightText(s.Lower.Weight, share)), Gain: called(names, s.Lower.Gain), Lose: called(names, s.Lower.Lose),
		}
	}
	if s.Upper != nil {
		row.Up = movement{
			Text: at.T("desk.sensitivity.above", "weight", weightText(s.Upper.Weight, share)), Gain: called(names, s.Upper.Gain), Lose: called(names, s.Upper.Lose),
		}
	}
	return row
}

func quotaRow(at *place, book rule.Book, names map[string]string, m ranking.QuotaMove) figureRow {
	shift := func(s *ranking.QuotaShift, key, none string) movement {
		switch {
		case s == nil:
			return movement{Text: at.T(none), Nothing: true}
		case s.Impossible:
			return movement{Text: at.N("desk.sensitivity.impossible", int64(s.Seats))}
		}
		return movement{Text: at.N(key, int64(s.Seats)), Gain: called(names, s.Gain), Lose: called(names, s.Lose)}
	}
	words := book.Quota(m.Quota - 1)
	row := figureRow{What: words[0], Now: strconv.Itoa(m.Seats)}
	if m.Limit == ranking.LimitMin {
		row.What = words[len(words)-1]
	}
	row.Down = shift(m.Stricter, "desk.sensitivity.stricter", "desk.sensitivity.stricter.none")
	row.Up = shift(m.Looser, "desk.sensitivity.looser", "desk.sensitivity.looser.none")
	return row
}

// weightText shows a weight as the rulebook writes it: in percent, or as it is.
func weightText(number string, share bool) string {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return number
	}
	if !share {
		return fourDecimals(r)
	}
	return fourDecimals(r.Mul(r, big.NewRat(100, 1))) + "%"
}

func called(names map[string]string, ids []string) (out []string) {
	for _, id := range ids {
		if out = append(out, names[id]); names[id] == "" {
			out[len(out)-1] = id
		}
	}
	return out
}

// numberAndName calls a candidate so.
func numberAndName(number int, name string) string {
	return strings.TrimSpace(strconv.Itoa(number) + " " + name)
}
