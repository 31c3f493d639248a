package desk

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const claimPath = gateway.ClaimPath

// seatFields ask for a role and its end.
func (d *desk) seatFields(c echo.Context, at *place) ([]Field, error) {
	all, err := d.app.Seatings(c.Request().Context(), at.Slug)
	if err != nil {
		return nil, err
	}
	role := Field{Name: "seat", Kind: "select", Label: at.T("desk.invite.role"), Options: []Option{{Text: at.T("desk.invite.role.choose")}}}
	for _, s := range all {
		role.Options = append(role.Options, Option{Value: seatValue(s.Role, s.Scope), Text: roleText(at, s.Role, s.Scope, at.Words(s.Title))})
	}
	return []Field{
		role,
		{Name: "until", Kind: "date", Label: at.T("desk.invite.until"), Hint: at.T("desk.invite.until.hint"), Optional: true},
		{Name: "hand_over", Kind: "check", Label: at.T("desk.invite.handover"), Optional: true},
	}, nil
}

// seatValue is a role with its department or panel, as a form holds it.
func seatValue(role identity.Role, scope string) string { return string(role) + "/" + scope }

// seatOf is the role that a form asks for. A day is over at its end, in the
// selection's timezone.
func (d *desk) seatOf(at *place, typed url.Values) (g identity.Grant, err error) {
	role, scope, _ := strings.Cut(typed.Get("seat"), "/")
	if role == "" { // nobody becomes an organizer by oversight
		return g, identity.ErrInvalid.At(fault.Required("seat"))
	}
	g = identity.Grant{Slug: at.Slug, Role: identity.Role(role), Scope: scope}
	if day := typed.Get("until"); day != "" {
		last, err := time.ParseInLocation(time.DateOnly, day, web.Location(at.Selection.Timezone))
		if err != nil {
			return g, identity.ErrInvalid.At(fault.Wrong("until", "not_a_day", "is not a day: YYYY-MM-DD"))
		}
		g.Until = last.AddDate(0, 0, 1).UTC()
		if !g.Until.After(d.Now()) {
			return g, identity.ErrInvalid.At(fault.Wrong("until", "until_past", "is over already"))
		}
	}
	return g, nil
}

func (d *desk) pasteForm(c echo.Context, at *place) (*Form, error) {
	fields, err := d.seatFields(c, at)
	return &Form{Action: at.Path("people", "invite", "read"), Button: at.T("desk.invite.look"), Fields: append([]Field{
		{Name: "list", Kind: "area", Label: at.T("desk.invite.list"), Hint: at.T("desk.invite.list.hint")},
	}, fields...)}, err
}

func (d *desk) fileForm(c echo.Context, at *place) (*Form, error) {
	fields, err := d.seatFields(c, at)
	return &Form{Action: at.Path("people", "invite", "file", "read"), Button: at.T("desk.invite.look"), Files: true, Fields: append([]Field{
		{Name: "file", Kind: "file", Label: at.T("desk.invite.file"), Hint: at.T("desk.invite.file.hint")},
	}, fields...)}, err
}

// invite asks for a list of people; inviteFile for it as a file.
func (d *desk) invite(c echo.Context, at *place) error {
	form, err := d.pasteForm(c, at)
	if err != nil {
		return err
	}
	return d.askInvite(c, at, http.StatusOK, form)
}

func (d *desk) inviteFile(c echo.Context, at *place) error {
	form, err := d.fileForm(c, at)
	if err != nil {
		return err
	}
	return d.askInvite(c, at, http.StatusOK, form)
}

// invitePage asks whom to invite to what.
type invitePage struct {
	Form  *Form
	Other string // address of the other way
}

func (d *desk) askInvite(c echo.Context, at *place, status int, form *Form) error {
	address, other := at.Path("people", "invite"), at.Path("people", "invite", "file")
	if form.Files {
		address, other = other, address
	}
	return d.render(c, at, web.Page{
		Name: "invite", Status: status, Title: at.T("desk.invite.title"), Address: address, Data: invitePage{Form: form, Other: other},
	})
}

func (d *desk) readList(c echo.Context, at *place, typed url.Values) error {
	form, err := d.pasteForm(c, at)
	if err != nil {
		return err
	}
	return d.look(c, at, form, typed, "list", func() (identity.PeopleRead, error) {
		return d.app.ReadPeople(c.Request().Context(), at.Slug, []byte(typed.Get("list")))
	})
}

func (d *desk) readFile(c echo.Context, at *place, typed url.Values, files *app.Intake) error {
	form, err := d.fileForm(c, at)
	if err != nil {
		return err
	}
	return d.look(c, at, form, typed, "file", func() (identity.PeopleRead, error) {
		return d.app.ReadPeopleFile(c.Request().Context(), at.Slug, files)
	})
}

// look shows what a list says; one that says nothing is asked for again.
func (d *desk) look(
	c echo.Context, at *place, form *Form, typed url.Values, field string, read func() (identity.PeopleRead, error),
) error {
	var list identity.PeopleRead
	g, err := d.seatOf(at, typed)
	if err == nil {
		list, err = read()
	}
	if err == nil && len(list.People)+len(list.Mistakes) == 0 {
		err = identity.ErrInvalid.At(fault.Required(field))
	}
	if err != nil {
		return d.again(c, at, form, typed, err, func(status int) error { return d.askInvite(c, at, status, form) })
	}
	return d.understood(c, at, http.StatusOK, g, typed, list, nil)
}

// understoodPage shows what a list says before anything is sent.
type understoodPage struct {
	Role      string
	Until     *web.Moment
	HandOver  bool
	People    []listed
	Problems  []problemLine
	Warnings  []Text
	Seat, Day string // as they were sent
	Send      string // text of the button; empty: there is nobody to invite
	TooMany   bool
	Wrong     []Text
	Action    string
	Back      string
}

type listed struct {
	Line        int
	Name, Email string
	Has         string // roles that they have
}

type problemLine struct {
	Line int
	Text Text
}

func (d *desk) understood(
	c echo.Context, at *place, status int, g identity.Grant, typed url.Values, read identity.PeopleRead, wrong error,
) error {
	titles := d.titles(at)
	data := understoodPage{
		Role: roleText(at, g.Role, g.Scope, titles[identity.Grant{Role: g.Role, Scope: g.Scope}]), HandOver: typed.Get("hand_over") != "",
		Seat: typed.Get("seat"), Day: typed.Get("until"), Action: at.Path("people", "invite", "send"), Back: at.Path("people", "invite"),
		TooMany: len(read.People) > identity.MaxPeople,
	}
	if !g.Until.IsZero() {
		until := at.moment(g.Until)
		data.Until = &until
	}
	for _, p := range read.People {
		one := listed{Line: p.Line, Name: p.Name, Email: p.Email}
		var has []string
		for _, h := range p.Has {
			has = append(has, roleText(at, h.Role, h.Scope, titles[identity.Grant{Role: h.Role, Scope: h.Scope}]))
		}
		one.Has = at.List(has)
		data.People = append(data.People, one)
	}
	for _, f := range read.Mistakes {
		data.Problems = append(data.Problems, problemLine{Line: f.Line, Text: at.Field(f.Wrong())})
	}
	for _, w := range read.Warnings {
		data.Warnings = append(data.Warnings, at.Field(fault.Field{Name: w.Field, Code: w.Code, Message: w.Message, Params: w.Params}))
	}
	if n := len(data.People); n > 0 && !data.TooMany {
		data.Send = at.N("desk.invite.send", int64(n))
	}
	if wrong != nil {
		var form Form
		if _, err := form.refuse(at.Printer, wrong); err != nil {
			return err
		}
		data.Wrong = form.Wrong
	}
	return d.render(c, at, web.Page{
		Name: "understood", Status: status, Title: at.T("desk.invite.understood"), Address: at.Path("people", "invite"), Data: data,
	})
}

// sendInvitations invites those whom the page before has shown.
func (d *desk) sendInvitations(c echo.Context, at *place, typed url.Values) error {
	g, err := d.seatOf(at, typed)
	if g.Role == "" {
		return err
	}
	in := identity.InvitePeople{Grant: g, HandOver: typed.Get("hand_over") != ""}
	emails, names := typed["email"], typed["name"]
	var read identity.PeopleRead
	for i, email := range emails {
		p := identity.Invitee{Email: email}
		if i < len(names) {
			p.Name = names[i]
		}
		in.People = append(in.People, p)
		read.People = append(read.People, identity.Listed{Line: i + 1, Name: p.Name, Email: p.Email})
	}
	var out []identity.Invited
	if err == nil {
		out, err = d.app.InvitePeople(c.Request().Context(), in)
	}
	if err != nil {
		return d.understood(c, at, statusOf(err), g, typed, read, err)
	}
	return d.invited(c, at, out)
}
