package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// objectionBody is the largest form of an objection: its files, and a little.
const objectionBody = "51M"

// objectionPage asks for an objection, or gives its receipt.
type objectionPage struct {
	Path      string // of the selection
	Fields    []nominateField
	Anonymous bool // may be
	Unnamed   bool // it is
	Files     []web.Text
	Wrong     bool
	Said      web.Text
	Closes    web.Moment
	Open      bool
	Filed     *selection.Filed
}

// followPage tells how far an objection is, by its code.
type followPage struct {
	Path  string
	Code  string // as sent, where something is wrong with it
	Wrong string
	Told  *followed
}

// followed is an objection as whoever made it is told.
type followed struct {
	selection.Followed

	State, Rule string // in words
	Received    web.Moment
	Due         *web.Moment
	Decided     *web.Moment
}

func (p *pages) mountObjection(e *echo.Echo, paged, asking []echo.MiddlewareFunc) {
	const at = "/s/:slug/notice/objection"
	web.Get(e, app.FileObjection, at, p.objection, paged...)
	web.Post(e, app.FileObjection, at, "send", p.object, p.Taking(objectionBody)...)
	web.Get(e, app.FollowObjection, at+"/follow", p.follow, paged...)
	web.Post(e, app.FollowObjection, at+"/follow", "show", p.following, asking...)
}

func (p *pages) objection(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.objecting(c, s, http.StatusOK, url.Values{"candidate": {c.QueryParam("candidate")}}, nil, objectionPage{})
}

// object takes an objection, in the name of the public whoever is signed in.
func (p *pages) object(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	files, err := p.app.ObjectionIntake(ctx, s.Slug)
	if err == nil {
		defer func() { files.Drop(ctx) }()
		var typed url.Values
		if typed, err = web.Files(c, files, "text"); errors.Is(err, app.ErrIntake) {
			files.Refused, err = err, nil
		}
		if err == nil {
			return p.objected(c, s, typed, files)
		}
	}
	if fault.From(err).Kind == fault.Internal {
		return err
	}
	return p.objecting(c, s, fault.From(err).Kind.Status(), url.Values{}, err, objectionPage{})
}

func (p *pages) objected(c echo.Context, s *visit, typed url.Values, files *app.Intake) error {
	number, err := strconv.Atoi(typed.Get("candidate"))
	if err != nil {
		number = 0 // which nobody has
	}
	filed, err := p.app.FileObjection(c.Request().Context(), selection.FileObjection{
		Slug: s.Slug, Candidate: number, Text: typed.Get("text"), Name: typed.Get("name"), Contact: typed.Get("contact"), Anonymous: typed.Get("anonymous") != "",
	}, files)
	if err == nil {
		return p.objecting(c, s, http.StatusOK, typed, nil, objectionPage{Filed: &filed})
	}
	if fault.From(err).Kind == fault.Internal {
		return err
	}
	return p.objecting(c, s, fault.From(err).Kind.Status(), typed, err, objectionPage{})
}

// objecting shows the form as typed, with what is wrong, or the receipt.
func (p *pages) objecting(c echo.Context, s *visit, status int, typed url.Values, refused error, data objectionPage) error {
	n, err := p.app.Notice(c.Request().Context(), s.Slug)
	if errors.Is(err, selection.ErrNoNotice) {
		return c.Redirect(http.StatusSeeOther, s.path()+"/notice")
	}
	if err != nil {
		return err
	}
	data.Path, data.Closes = s.path(), s.lastMinute(n.PostedAt(), n.ClosesAt())
	data.Open = n.PublishedAt == nil && p.Now().Before(n.ClosesAt())
	data.Anonymous, data.Unnamed = n.Objections.Anonymous, typed.Get("anonymous") != ""
	var wrong []fault.Field
	if refused != nil {
		known := fault.From(refused)
		data.Wrong, wrong = true, known.Fields
		if known.Kind.Passes() {
			web.RetryAfter(c, known)
		}
		if len(wrong) == 0 {
			data.Said = s.printer.Fault(known)
		}
	}
	data.Fields = s.objectionFields(n, typed, wrong)
	for _, w := range wrong {
		if !slices.ContainsFunc(data.Fields, func(f nominateField) bool { return f.Name == w.Name }) {
			data.Files = append(data.Files, s.printer.Field(w))
		}
	}
	title := s.printer.T("objection.title")
	if data.Filed != nil {
		title = s.printer.T("objection.filed")
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{Name: "objection", Status: status, Address: s.path() + "/notice/objection", Title: title, Section: "notice", Data: data})
}

// objectionFields are those of the form, without its files.
func (s *visit) objectionFields(n selection.Notice, typed url.Values, wrong []fault.Field) []nominateField {
	t := s.printer
	about := nominateField{Name: "candidate", Label: t.T("objection.candidate"), Required: true, Options: []nominateOption{{Text: t.T("objection.choose")}}}
	for _, a := range n.Awards {
		for _, one := range a.Listed {
			about.Options = append(about.Options, nominateOption{Value: strconv.Itoa(one.Number), Text: t.T("objection.about", "number", one.Number, "name", one.Name)})
		}
	}
	named := !n.Objections.Anonymous
	fields := []nominateField{
		about,
		{Name: "text", Label: t.T("objection.text"), Hint: t.T("objection.text.hint"), Max: selection.MaxObjection, Area: true, Required: true},
		{Name: "name", Label: t.T("objection.name"), Max: 200, Required: named},
		{Name: "contact", Label: t.T("objection.contact"), Hint: t.T("objection.contact.hint"), Max: 200, Required: named},
	}
	for i, f := range fields {
		fields[i].Value = typed.Get(f.Name)
		for at := range f.Options {
			f.Options[at].Chosen = f.Options[at].Value == fields[i].Value
		}
		for _, w := range wrong {
			if w.Name == f.Name && fields[i].Wrong.Text == "" {
				fields[i].Wrong = t.Field(w)
			}
		}
	}
	return fields
}

func (p *pages) follow(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.followed(c, s, http.StatusOK, followPage{})
}

// following tells how far an objection is. A code is sent in a form's body:
// addresses are kept in histories and logs.
func (p *pages) following(c echo.Context) error {
	s, sent, err := p.posted(c)
	if err != nil {
		return err
	}
	code := start(sent.Get("code"), maxCode)
	found, err := p.app.FollowObjection(c.Request().Context(), selection.FollowObjection{Slug: s.Slug, Code: code})
	if errors.Is(err, selection.ErrCode) {
		return p.followed(c, s, http.StatusNotFound, followPage{Code: code, Wrong: s.printer.T("objection.code.unknown")})
	}
	if err != nil {
		return err
	}
	t := s.printer
	told := &followed{Followed: found, State: t.T("objection.state." + found.State), Received: t.Moment(found.ReceivedAt, s.at)}
	if found.Rule != "" {
		told.Rule = t.T("objection.rule." + found.Rule)
	}
	if found.DueAt != nil {
		told.Due = new(s.lastMinute(found.ReceivedAt, *found.DueAt))
	}
	if found.DecidedAt != nil {
		told.Decided = new(t.Moment(*found.DecidedAt, s.at))
	}
	return p.followed(c, s, http.StatusOK, followPage{Told: told})
}

func (p *pages) followed(c echo.Context, s *visit, status int, data followPage) error {
	data.Path = s.path()
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return p.render(c, s, web.Page{
		Name: "objection-follow", Status: status, Address: s.path() + "/notice/objection/follow", Title: s.printer.T("objection.follow"),
		Section: "notice", Data: data,
	})
}
