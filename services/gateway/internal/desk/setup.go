package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

func (d *desk) mountSetup() {
	web.Get(d.echo, app.SetUp, gateway.SetupPath, d.setup, d.through()...)
	web.Post(d.echo, app.SetUp, gateway.SetupPath, "create", d.setUp, d.through()...)
}

func setupForm(t web.Printer, token string) *Form {
	return &Form{Action: gateway.SetupPath + "/create", Button: t.T("setup.button"), Fields: []Field{
		{Name: "token", Kind: "hidden", Value: token},
		{Name: "email", Kind: "email", Label: t.T("account.email"), Hint: t.T("setup.email.hint"), Autocomplete: "username", Max: 254},
		{Name: "name", Label: t.T("account.name"), Autocomplete: "name", Max: 100},
		{Name: "password", Kind: "password", Label: t.T("account.password.new"), Hint: t.T("account.password.hint"), Autocomplete: "new-password", Max: 128},
	}}
}

// setup asks who the first organizer is, where the link is good.
func (d *desk) setup(c echo.Context) error {
	token := c.QueryParam("token")
	if _, err := d.app.ReadSetup(c.Request().Context(), token); err != nil {
		return err
	}
	return d.showSetup(c, http.StatusOK, setupForm(d.views.View(c).Printer, token))
}

func (d *desk) showSetup(c echo.Context, status int, form *Form) error {
	t := d.views.View(c).Printer
	return d.render(c, &place{Printer: t}, web.Page{
		Name: "ask", Status: status, Title: t.T("setup.title"), Section: "account", Data: askPage{Lead: t.T("setup.lead"), Form: form},
		Address: gateway.SetupPath + "?" + url.Values{"token": {form.Field("token").Value}}.Encode(),
	})
}

// setUp creates the first organizer, and signs them in.
func (d *desk) setUp(c echo.Context) error {
	typed, err := web.Form(c, "password")
	if err != nil {
		return err
	}
	ctx, at := c.Request().Context(), &place{Printer: d.views.View(c).Printer}
	in := gateway.SetUp{Token: typed.Get("token"), Email: typed.Get("email"), Name: typed.Get("name"), Password: typed.Get("password")}
	if _, err := d.app.SetUp(ctx, in); err != nil {
		if statusOf(err) == http.StatusGone {
			return err
		}
		form := setupForm(at.Printer, in.Token)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showSetup(c, status, form) })
	}
	s, err := d.app.SignIn(ctx, identity.SignIn{Email: in.Email, Password: in.Password})
	if err != nil {
		return c.Redirect(http.StatusSeeOther, signInPath)
	}
	return d.entered(c, s, root)
}
