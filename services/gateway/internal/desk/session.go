package desk

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const signInPath = root + "/sign-in"

func (d *desk) mountSession() {
	web.Get(d.echo, app.SignIn, signInPath, d.signIn, d.through()...)
	web.Post(d.echo, app.SignIn, signInPath, "enter", d.enter, d.through()...)
	web.Get(d.echo, app.SignIn, secondPath, d.second, d.through()...)
	web.Post(d.echo, app.SignIn, secondPath, "prove", d.proveSecond, d.through()...)
	web.Post(d.echo, app.SignIn, signInPath, "passkey", d.enterByPasskey, d.through()...)
	web.Post(d.echo, app.SignOut, root, "sign-out", d.signOut, d.through()...)
}

// signInForm asks who somebody is, and leads on to an address.
func (d *desk) signInForm(t web.Printer, to string) *Form {
	if !ours(to) {
		to = root
	}
	return &Form{Action: signInPath + "/enter", Button: t.T("desk.signin.button"), Fields: []Field{
		{Name: "to", Kind: "hidden", Value: to},
		{Name: "email", Kind: "email", Label: t.T("account.email"), Autocomplete: "username", Max: 254},
		{Name: "password", Kind: "password", Label: t.T("account.password"), Autocomplete: "current-password", Max: 128},
	}}
}

func (d *desk) signIn(c echo.Context) error {
	t := d.views.View(c).Printer
	return d.showSignIn(c, http.StatusOK, d.signInForm(t, c.QueryParam("to")))
}

func (d *desk) showSignIn(c echo.Context, status int, form *Form) error {
	t := d.views.View(c).Printer
	return d.render(c, &place{Printer: t}, web.Page{
		Name: "sign-in", Status: status, Title: t.T("desk.signin.title"), Section: "account", Data: d.signInPage(t, form),
	})
}

func (d *desk) enter(c echo.Context) error {
	typed, err := web.Form(c, "password")
	if err != nil {
		return err
	}
	at := &place{Printer: d.views.View(c).Printer}
	form := d.signInForm(at.Printer, typed.Get("to"))
	s, err := d.app.SignIn(c.Request().Context(), identity.SignIn{Email: typed.Get("email"), Password: typed.Get("password")})
	if err != nil {
		return d.again(c, at, form, typed, err, func(status int) error { return d.showSignIn(c, status, form) })
	}
	return d.entered(c, s, form.Field("to").Value)
}

func (d *desk) signOut(c echo.Context) error {
	if err := d.app.SignOut(c.Request().Context()); err != nil {
		return err
	}
	d.SetSession(c, "", time.Unix(1, 0))
	return c.Redirect(http.StatusSeeOther, signInPath)
}

// endedPage is for what was sent without a session.
type endedPage struct {
	Action string
	Values []endedValue
	SignIn string
}

type endedValue struct{ Name, Value string }

// ended asks whoever has no session to sign in. What was read is read afterwards;
// what was sent is given back, to be sent again.
func (d *desk) ended(c echo.Context) error {
	r := c.Request()
	if r.Method != http.MethodPost {
		return c.Redirect(http.StatusSeeOther, signInPath+"?"+url.Values{"to": {r.URL.RequestURI()}}.Encode())
	}
	data := endedPage{Action: r.URL.RequestURI(), SignIn: signInPath}
	if hasFiles(r) { // which are chosen again: nothing of a stranger's is read
		data.Action = ""
	} else if form, err := web.Form(c, web.AllLines); err == nil {
		for _, name := range slices.Sorted(maps.Keys(form)) {
			for _, value := range form[name] {
				data.Values = append(data.Values, endedValue{name, value})
			}
		}
	}
	t := d.views.View(c).Printer
	return d.render(c, &place{Printer: t}, web.Page{
		Name: "ended", Status: http.StatusUnauthorized, Title: t.T("desk.ended.title"), Address: web.FormPage(c), Section: "account", Data: data,
	})
}

// hasFiles tells a form that sends files.
func hasFiles(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm)
}
