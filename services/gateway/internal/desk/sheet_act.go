package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

// conflictPage shows two versions of a sheet side by side, of which the juror
// chooses one.
type conflictPage struct {
	Code   string
	Rows   []conflictRow
	Action string
	Values []hidden // of the version that was sent
	Base   string
	Keep   string // address of the version that is kept
	When   web.Moment
	Submit bool

	Account, API string
}

type conflictRow struct {
	Title, Mine, Kept string
	Differ            bool
}

// showConflict asks which of two versions is to stay.
func (d *desk) showConflict(c echo.Context, at *place, in review.SaveSheet, changed *fault.Error) error {
	s, err := d.scoredBy(c, at, in.Candidate)
	if err != nil {
		return err
	}
	if s.One == nil || s.One.Sheet == nil {
		return changed
	}
	kept := s.One.Sheet
	data := conflictPage{
		Code: s.One.Candidate, Action: s.path(at, s.One.Candidate, "save"), Keep: s.path(at, s.One.Candidate), Base: strconv.Itoa(kept.Revision),
		When: at.Precise(kept.At, web.Location(at.Selection.Timezone)), Submit: in.Submit || kept.Submitted,
		Account: at.Account.ID, API: s.api(at),
	}
	row := func(title, name, mine, other string) {
		if mine != "" || other != "" {
			data.Rows = append(data.Rows, conflictRow{title, mine, other, mine != other})
			data.Values = append(data.Values, hidden{name, mine})
		}
	}
	for _, one := range s.criteria(at) {
		row(one.Title, scoreField(one.ID), in.Scores[one.ID], kept.Scores[one.ID])
	}
	for _, one := range s.criteria(at) {
		row(at.T("desk.sheet.comment.on", "criterion", one.Title), commentField(one.ID), in.Comments[one.ID], kept.Comments[one.ID])
	}
	row(at.T("desk.sheet.comment"), "comment", in.Comment, kept.Comment)
	return d.render(c, at, web.Page{
		Name: "sheet-conflict", Status: http.StatusConflict, Title: at.T("desk.sheet.conflict", "sheet", data.Code), Address: data.Keep, Data: data,
	})
}

// actPage asks whether a juror means it.
type actPage struct {
	Code, Lead, Back string
	Form             Form
}

// showAct renders a page of one act about the sheet of a request.
func (d *desk) showAct(c echo.Context, at *place, title, lead string, form *Form, status int) error {
	back := at.Path("sheets", url.PathEscape(c.Param("panel")), url.PathEscape(c.Param("code")))
	data := actPage{Code: c.Param("code"), Lead: lead, Back: back, Form: *form}
	return d.render(c, at, web.Page{Name: "sheet-act", Status: status, Title: title, Data: data})
}

// own gives the whole assignment of a request's sheet.
func (d *desk) own(c echo.Context, at *place) (scored, error) {
	s, err := d.scoredBy(c, at, c.Param("code"))
	if err == nil && s.One == nil {
		err = review.ErrUnassigned
	}
	return s, err
}

func (d *desk) abstainForm(at *place, s scored) *Form {
	base := 0
	if s.One.Sheet != nil {
		base = s.One.Sheet.Revision
	}
	return &Form{Action: s.path(at, s.One.Candidate, "abstain", "confirm"), Button: at.T("desk.sheet.abstain"), Fields: []Field{
		{Name: "base", Kind: "hidden", Value: strconv.Itoa(base)}, {Name: "then", Kind: "hidden", Value: s.around(s.One.Candidate).Unscored},
	}}
}

func (d *desk) abstainPage(c echo.Context, at *place) error {
	s, err := d.own(c, at)
	if err != nil {
		return err
	}
	return d.showAct(c, at, at.T("desk.sheet.abstain.title", "sheet", s.One.Candidate), at.T("desk.sheet.abstain.lead"), d.abstainForm(at, s), http.StatusOK)
}

func (d *desk) abstain(c echo.Context, at *place, form url.Values) error {
	base := number(form.Get("base"))
	saved, err := d.app.SaveSheet(c.Request().Context(), review.SaveSheet{
		Slug: at.Slug, Panel: c.Param("panel"), Candidate: c.Param("code"), Abstain: true, Submit: true, Base: &base,
	})
	if err != nil {
		s, failed := d.own(c, at)
		if failed != nil {
			return failed
		}
		again := d.abstainForm(at, s)
		return d.again(c, at, again, url.Values{}, err, func(status int) error {
			return d.showAct(c, at, at.T("desk.sheet.abstain.title", "sheet", s.One.Candidate), at.T("desk.sheet.abstain.lead"), again, status)
		})
	}
	to := at.Path("sheets", url.PathEscape(c.Param("panel")), url.PathEscape(form.Get("then")))
	return d.done(c, to, at.T("desk.sheet.abstained", "sheet", saved.Candidate), nil)
}

func (d *desk) recuseForm(at *place, s scored) *Form {
	return &Form{Action: s.path(at, s.One.Candidate, "recuse", "confirm"), Button: at.T("desk.sheet.recuse"), Fields: []Field{
		{Name: "then", Kind: "hidden", Value: s.around(s.One.Candidate).Unscored},
		{Name: "reason", Kind: "area", Label: at.T("desk.sheet.recuse.reason"), Max: audit.MaxReason},
	}}
}

func (d *desk) recusePage(c echo.Context, at *place) error {
	s, err := d.own(c, at)
	if err != nil {
		return err
	}
	return d.showAct(c, at, at.T("desk.sheet.recuse.title", "sheet", s.One.Candidate), at.T("desk.sheet.recuse.lead"), d.recuseForm(at, s), http.StatusOK)
}

// recuse declares a conflict. By a code or a number that the list has, the
// candidate leaves the list.
func (d *desk) recuse(c echo.Context, at *place, form url.Values) error {
	out, err := d.app.DeclareConflict(c.Request().Context(), review.DeclareConflict{
		Slug: at.Slug, Panel: c.Param("panel"), Candidate: c.Param("code"), Reason: form.Get("reason"),
	})
	if errors.Is(err, review.ErrInvalid) || errors.Is(err, review.ErrPhase) {
		s, failed := d.own(c, at)
		if failed != nil {
			return failed
		}
		again := d.recuseForm(at, s)
		return d.again(c, at, again, form, err, func(status int) error {
			return d.showAct(c, at, at.T("desk.sheet.recuse.title", "sheet", s.One.Candidate), at.T("desk.sheet.recuse.lead"), again, status)
		})
	}
	if err != nil {
		return err
	}
	key := "desk.sheet.recused"
	if !out.Recused {
		key = "desk.sheet.overruled"
	}
	to := at.Path("sheets", url.PathEscape(c.Param("panel")), url.PathEscape(form.Get("then")))
	return d.done(c, to, at.T(key, "sheet", out.Candidate), nil)
}
