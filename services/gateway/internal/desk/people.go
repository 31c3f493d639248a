package desk

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

// peoplePerPage is how many stand on a page.
const peoplePerPage = 50

func (d *desk) mountPeople() {
	d.section(app.ListStaff, "people", "desk.people", d.people)
	d.form(app.ChangeRole, of+"/people", "again", d.inviteAgain)
	d.form(app.ChangeRole, of+"/people", "revoke", d.revoke)
	d.page(app.ChangeRole, of+"/people/invite", d.invite)
	d.form(app.ChangeRole, of+"/people/invite", "read", d.readList, "list")
	d.page(app.ChangeRole, of+"/people/invite/file", d.inviteFile)
	d.files(of+"/people/invite/file", "read", intake{app.ChangeRole, 1, app.MaxPeopleList, "5M"}, d.readFile)
	d.form(app.ChangeRole, of+"/people/invite", "send", d.sendInvitations)
}

// peoplePage lists who has a role in the selection.
type peoplePage struct {
	People       []personRow
	Pager        Pager
	Query, State string
	All, Missing int
	Invite       string // address; empty: they only look
}

type personRow struct {
	Name, Email string
	Roles       []roleRow
	State       string
	Come        bool
	Told        []Text
	Until       *web.Moment // of the link that was handed over
}

type roleRow struct {
	Text        string
	Role, Scope string
	Until       *web.Moment
	End         string // the same, as forms take it
	Ended       bool
}

func (d *desk) people(c echo.Context, at *place) error {
	all, err := d.app.People(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	data := peoplePage{Query: strings.TrimSpace(c.QueryParam("q")), State: c.QueryParam("state"), All: len(all)}
	if at.Can(app.ChangeRole) {
		data.Invite = at.Path("people", "invite")
	}
	titles := d.titles(at)
	var rows []personRow
	for _, p := range all {
		row := d.personOf(at, p, titles)
		if !row.Come {
			data.Missing++
		}
		said := strings.ToLower(row.Name + " " + row.Email)
		if data.State == "missing" && row.Come || data.Query != "" && !strings.Contains(said, strings.ToLower(data.Query)) {
			continue
		}
		rows = append(rows, row)
	}
	data.Pager = pager(c, len(rows), peoplePerPage)
	data.People = rows[max(0, data.Pager.First-1):data.Pager.Last]
	return d.render(c, at, web.Page{Name: "people", Title: at.T("desk.people"), Data: data})
}

// titles are those of departments and panels, by role and id.
func (d *desk) titles(at *place) map[identity.Grant]string {
	titles := map[identity.Grant]string{}
	all, err := d.app.SeatingsOf(at.Selection)
	if err != nil {
		return titles // they are called by their ids
	}
	for _, s := range all {
		titles[identity.Grant{Role: s.Role, Scope: s.Scope}] = at.Words(s.Title)
	}
	return titles
}

// roleText names a role with its department or panel.
func roleText(at *place, role identity.Role, scope, title string) string {
	text := at.T("desk.role." + string(role))
	switch {
	case scope == "":
		return text
	case title == "":
		title = scope
	}
	return at.T("desk.people.of", "role", text, "scope", title)
}

func (d *desk) personOf(at *place, p identity.StaffMember, titles map[identity.Grant]string) personRow {
	a := p.Account
	row := personRow{Name: a.Name, Email: a.Email, Come: a.State != identity.StateInvited}
	row.State = at.T("desk.people.state." + string(a.State))
	if a.Disabled {
		row.State = at.T("desk.people.disabled")
	}
	for _, g := range d.app.Held(a) {
		one := roleRow{
			Text: roleText(at, g.Role, g.Scope, titles[identity.Grant{Role: g.Role, Scope: g.Scope}]), Role: string(g.Role), Scope: g.Scope,
			Ended: g.Ended,
		}
		if !g.Until.IsZero() {
			until := at.moment(g.Until)
			one.Until, one.End = &until, g.Until.Format(time.RFC3339)
		}
		row.Roles = append(row.Roles, one)
	}
	if p.LinkUntil != nil {
		until := at.moment(*p.LinkUntil)
		row.Until = &until
	}
	if l := p.Letter; l != nil {
		row.Told = fate(at, *l)
	}
	return row
}

// fate says what became of a letter, in the mail server's words where it refused.
func fate(at *place, l identity.Letter) []Text {
	var told []Text
	switch l.State {
	case identity.LetterSent:
		told = append(told, Text{Text: at.T("desk.letter.sent", "time", at.moment(l.CreatedAt).Text)})
	case identity.LetterDropped:
		told = append(told, Text{Text: at.T("desk.letter.dropped")})
	case identity.LetterDead:
		told = append(told, Text{Text: at.T("desk.letter.dead")})
	case identity.LetterHeld:
		told = append(told, Text{Text: at.T("desk.letter.held")})
	case identity.LetterWithdrawn:
		told = append(told, Text{Text: at.T("desk.letter.withdrawn")})
	case identity.LetterDeferred:
		told = append(told, Text{Text: at.T("desk.letter.deferred", "time", at.moment(l.DueAt).Text)})
	default:
		told = append(told, Text{Text: at.T("desk.letter.queued")})
	}
	if l.Error != "" {
		told = append(told, Text{Text: l.Error, Lang: web.English})
	}
	return told
}

// grantOf is the role that a form names.
func grantOf(at *place, typed url.Values) identity.Grant {
	g := identity.Grant{Slug: at.Slug, Role: identity.Role(typed.Get("role")), Scope: typed.Get("scope")}
	if until, err := time.Parse(time.RFC3339, typed.Get("until")); err == nil {
		g.Until = until
	}
	return g
}

// inviteAgain gives a role to one, or tells them of it once more.
func (d *desk) inviteAgain(c echo.Context, at *place, typed url.Values) error {
	in := identity.Invite{Email: typed.Get("email"), Name: typed.Get("name"), Grant: grantOf(at, typed)}
	out, err := d.app.GiveRole(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return d.invited(c, at, []identity.Invited{out})
}

func (d *desk) revoke(c echo.Context, at *place, typed url.Values) error {
	g := grantOf(at, typed)
	until := g.Until
	g.Until = time.Time{}
	if _, err := d.app.RevokeRole(c.Request().Context(), identity.Change{Email: typed.Get("email"), Grant: g}); err != nil {
		return err
	}
	back := &undo{Action: at.Path("people", "again"), Values: map[string]string{
		"email": typed.Get("email"), "name": typed.Get("name"), "role": string(g.Role), "scope": g.Scope,
	}}
	if !until.IsZero() {
		back.Values["until"] = until.Format(time.RFC3339)
	}
	return d.done(c, at.Path("people"), at.T("desk.people.revoked", "email", typed.Get("email")), back)
}

// linksPage shows links that are handed over, this once.
type linksPage struct {
	Links  []handedOver
	Mailed string // how many letters are on their way; empty: none
	Back   string
}

type handedOver struct{ Name, Email, Link string }

// invited says what became of an invitation: letters are on their way, or links
// are to be handed over.
func (d *desk) invited(c echo.Context, at *place, all []identity.Invited) error {
	data := linksPage{Back: at.Path("people")}
	mailed, known := 0, 0
	for _, one := range all {
		switch i := one.Invitation; {
		case i == nil:
			known++
		case i.Mailed:
			mailed++
		default:
			data.Links = append(data.Links, handedOver{
				Name: one.Account.Name, Email: one.Account.Email, Link: d.Address(c) + claimPath + "?" + url.Values{"token": {i.Token}}.Encode(),
			})
		}
	}
	said := []string{}
	if mailed > 0 {
		data.Mailed = at.N("desk.people.mailed", int64(mailed))
		said = append(said, data.Mailed)
	}
	if known > 0 {
		said = append(said, at.N("desk.people.known", int64(known)))
	}
	if len(data.Links) == 0 {
		return d.done(c, data.Back, strings.Join(said, " "), nil)
	}
	return d.render(c, at, web.Page{Name: "links", Status: http.StatusOK, Title: at.T("desk.people.links"), Address: data.Back, Data: data})
}
