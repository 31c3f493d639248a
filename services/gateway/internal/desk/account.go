package desk

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const accountPath = root + "/account"

func (d *desk) mountAccount() {
	d.page(app.ReadAccount, accountPath, d.account)
	d.confirm(confirmed{app.EndSessions, accountPath + "/sessions", d.askSessions, d.endSessions})
	d.page(app.ChangePassword, accountPath+"/password", d.password)
	d.form(app.ChangePassword, accountPath+"/password", "change", d.changePassword, "present", "password")
}

// statusOf is the status of a page that says what is wrong.
func statusOf(err error) int { return fault.From(err).Kind.Status() }

// accountPage is what somebody knows of their own account.
type accountPage struct {
	Account  identity.Account
	Sessions []accountSession
	Factors  identity.Factors
	Listed   []accountFactor
	TOTP     bool // there is an app
}

type accountSession struct {
	ID, Network, Factors string
	Since, Until         web.Moment
	Current              bool
}

type accountFactor struct {
	ID, Name, Kind string
	Since          web.Moment
	Used           *web.Moment
}

// utc shows a time where there is no selection whose timezone it could be in. A
// script turns it into the reader's own.
func (at *place) utc(t time.Time) web.Moment {
	m := at.Moment(t, time.UTC)
	m.Text += " UTC"
	m.Local = true
	return m
}

func (d *desk) account(c echo.Context, at *place) error {
	ctx := c.Request().Context()
	data := accountPage{Account: at.Account}
	var err error
	if data.Factors, err = d.app.Factors(ctx); err != nil {
		return err
	}
	for _, f := range data.Factors.Factors {
		one := accountFactor{ID: f.ID, Name: f.Name, Kind: at.T("factor.kind." + string(f.Kind)), Since: at.utc(f.CreatedAt)}
		if f.UsedAt != nil {
			used := at.utc(*f.UsedAt)
			one.Used = &used
		}
		data.TOTP = data.TOTP || f.Kind == identity.FactorTOTP
		data.Listed = append(data.Listed, one)
	}
	if !at.Account.NeedsFactor { // else that comes first
		open, err := d.app.Sessions(ctx)
		if err != nil {
			return err
		}
		for _, s := range open {
			one := accountSession{ID: s.ID, Network: s.Network, Since: at.utc(s.CreatedAt), Until: at.utc(s.ExpiresAt), Current: s.Current}
			var by []string
			for _, f := range s.Factors {
				by = append(by, at.T("factor.kind."+f))
			}
			one.Factors = at.List(by)
			data.Sessions = append(data.Sessions, one)
		}
	}
	return d.render(c, at, web.Page{Name: "account", Title: at.T("account.page.title"), Data: data})
}

// askSessions says which session ends: the one in the address, or all others.
func (d *desk) askSessions(c echo.Context, at *place) (string, askPage, error) {
	id, title, lead := c.FormValue("id"), at.T("account.sessions.end"), at.T("account.sessions.end.lead")
	if id != "" {
		title, lead = at.T("account.session.end"), at.T("account.session.end.lead")
	}
	form := &Form{Action: accountPath + "/sessions/confirm", Button: title, Fields: []Field{{Name: "id", Kind: "hidden", Value: id}}}
	return title, askPage{Lead: lead, Form: form, Back: accountPath, BackButton: at.T("account.page.title")}, nil
}

func (d *desk) endSessions(c echo.Context, at *place, form url.Values) error {
	said := "account.sessions.ended"
	if form.Get("id") != "" {
		said = "account.session.ended"
	}
	if _, err := d.app.EndSessions(c.Request().Context(), form.Get("id")); err != nil {
		return err
	}
	return d.done(c, accountPath, at.T(said), nil)
}

func (d *desk) passwordForm(at *place) *Form {
	return &Form{Action: accountPath + "/password/change", Button: at.T("account.password.button"), Fields: []Field{
		presentField(at),
		{Name: "password", Kind: "password", Label: at.T("account.password.new"), Hint: at.T("account.password.hint"), Autocomplete: "new-password", Max: 128},
	}}
}

// presentField asks for the account's password.
func presentField(at *place) Field {
	return Field{Name: "present", Kind: "password", Label: at.T("account.present"), Autocomplete: "current-password", Max: 128}
}

// ask shows a page with one form.
func (d *desk) ask(c echo.Context, at *place, status int, title string, data askPage) error {
	return d.render(c, at, web.Page{Name: "ask", Status: status, Title: title, Section: "account", Data: data})
}

// askPage is one form, with what it is for and where else one may go.
type askPage struct {
	Lead       string
	Form       *Form
	Back       string // address
	BackButton string
}

func (d *desk) password(c echo.Context, at *place) error {
	return d.askPassword(c, at, http.StatusOK, d.passwordForm(at))
}

func (d *desk) askPassword(c echo.Context, at *place, status int, form *Form) error {
	return d.ask(c, at, status, at.T("account.password.title"), askPage{
		Lead: at.T("account.password.lead"), Form: form, Back: accountPath, BackButton: at.T("account.page.title"),
	})
}

func (d *desk) changePassword(c echo.Context, at *place, typed url.Values) error {
	in := gateway.ChangePassword{Present: typed.Get("present"), Password: typed.Get("password")}
	if _, err := d.app.ChangePassword(c.Request().Context(), in); err != nil {
		form := d.passwordForm(at)
		return d.again(c, at, form, typed, atPresent(at, err, form), func(status int) error { return d.askPassword(c, at, status, form) })
	}
	return d.done(c, accountPath, at.T("account.password.changed"), nil)
}

// atPresent tells at its field that the password is not the account's.
func atPresent(at *place, err error, form *Form) error {
	if f := fault.From(err); f.Is(identity.ErrPassword) {
		for i := range form.Fields {
			if form.Fields[i].Name == "present" {
				form.Fields[i].Wrong = at.Fault(f)
			}
		}
	}
	return err
}
