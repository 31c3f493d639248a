package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const forgotPath = "/forgot"

// mountAccount adds the pages by which holders come to their accounts.
func (p *pages) mountAccount(e *echo.Echo, paged []echo.MiddlewareFunc) {
	paged = append(slices.Clip(paged), secret)
	web.Get(e, app.ClaimAccount, gateway.ClaimPath, p.claim, paged...)
	web.Post(e, app.ClaimAccount, gateway.ClaimPath, "set", p.claimSent, paged...)
	web.Get(e, app.ClaimAccount, gateway.ClaimPath+"/done", p.told("claim.done", gateway.ClaimPath+"/done"), paged...)
	web.Get(e, app.ForgotPassword, forgotPath, p.forgot, paged...)
	web.Post(e, app.ForgotPassword, forgotPath, "send", p.forgotSent, paged...)
	web.Get(e, app.ForgotPassword, forgotPath+"/sent", p.told("forgot.sent", forgotPath+"/sent"), paged...)
}

// secret keeps a page whose address holds a token out of caches, and its address
// out of what browsers tell other sites. They are to tell our own: under
// "no-referrer" a form says "Origin: null", as another site's might, and over http
// there is nothing else by which to know that it is ours.
func secret(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set(echo.HeaderReferrerPolicy, "same-origin")
		return next(c)
	}
}

// claimPage asks for what a link needs.
type claimPage struct {
	identity.LinkRead
	Token   string
	Typed   string // name
	Present bool   // the present password is asked for, no new one
	Lead    string
	Button  string
	Wrong   wrong
}

// wrong is what is wrong with a form, by field.
type wrong map[string]web.Text

func (p *pages) claim(c echo.Context) error {
	return p.claimForm(c, http.StatusOK, c.QueryParam("token"), "", nil)
}

// claimForm shows the form of a link, with what is wrong with it.
func (p *pages) claimForm(c echo.Context, status int, token, typed string, no wrong) error {
	read, err := p.app.ReadLink(c.Request().Context(), token)
	if err != nil {
		return err
	}
	t := p.views.View(c).Printer
	if typed == "" {
		typed = read.Name
	}
	kind, button := "claim.new", "claim.button"
	switch {
	case read.Needs == identity.NeedsPresent:
		kind, button = "claim.present", "claim.present.button"
	case read.State == identity.StateUnproved:
		kind = "claim.prove"
	case read.State == identity.StateProved:
		kind = "claim.reset"
	}
	data := claimPage{
		LinkRead: read, Token: token, Typed: typed, Present: read.Needs == identity.NeedsPresent,
		Lead: t.T(kind + ".text"), Button: t.T(button), Wrong: no,
	}
	address := gateway.ClaimPath + "?" + url.Values{"token": {token}}.Encode()
	return p.Render(c, p.views, web.Page{Name: "claim", Status: status, Address: address, Title: t.T(kind), Section: "account", Data: data})
}

// claimSent uses a link.
func (p *pages) claimSent(c echo.Context) error {
	form, err := web.Form(c)
	if err != nil {
		return err
	}
	in := gateway.ClaimAccount{Token: form.Get("token"), Name: form.Get("name"), Password: form.Get("password")}
	if _, err = p.app.ClaimAccount(c.Request().Context(), in); err == nil {
		return c.Redirect(http.StatusSeeOther, gateway.ClaimPath+"/done")
	}
	f := fault.From(err)
	t := p.views.View(c).Printer
	no := wrong{}
	switch {
	case f.Is(identity.ErrPassword):
		no["password"] = web.Text{Text: t.T("claim.present.wrong")}
	case f.Is(identity.ErrTooManyTries):
		no["password"] = web.Text{Text: t.T("claim.present.toomany", "wait", t.Duration(web.WholeWait(f.RetryAfter)))}
		web.RetryAfter(c, f)
	case f.Is(identity.ErrInvalid):
		for _, field := range f.Fields {
			no[field.Name] = t.Field(field)
		}
	default:
		return err
	}
	return p.claimForm(c, f.Kind.Status(), in.Token, in.Name, no)
}

// forgotPage asks for an address.
type forgotPage struct {
	Typed string
	Wrong wrong
}

func (p *pages) forgot(c echo.Context) error {
	return p.forgotForm(c, http.StatusOK, forgotPage{})
}

func (p *pages) forgotForm(c echo.Context, status int, data forgotPage) error {
	title := p.views.View(c).T("forgot.title")
	return p.Render(c, p.views, web.Page{Name: "forgot", Status: status, Address: forgotPath, Title: title, Section: "account", Data: data})
}

// forgotSent asks for a link by mail. The answer is the same whether there is
// such an account or not.
func (p *pages) forgotSent(c echo.Context) error {
	form, err := web.Form(c)
	if err != nil {
		return err
	}
	email := form.Get("email")
	err = p.app.AskReset(c.Request().Context(), email)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, forgotPath+"/sent")
	}
	f, t := fault.From(err), p.views.View(c).Printer
	no := wrong{}
	switch {
	case errors.Is(err, identity.ErrNoMail):
		no["email"] = web.Text{Text: t.T("forgot.nomail")}
	case f.Is(identity.ErrInvalid):
		for _, field := range f.Fields {
			no[field.Name] = t.Field(field)
		}
	default:
		return err
	}
	return p.forgotForm(c, f.Kind.Status(), forgotPage{Typed: email, Wrong: no})
}

// told is a page that says one thing.
func (p *pages) told(key, address string) echo.HandlerFunc {
	return func(c echo.Context) error {
		t := p.views.View(c).Printer
		return p.Render(c, p.views, web.Page{
			Name: "told", Address: address, Title: t.T(key), Section: "account", Data: t.T(key + ".text"),
		})
	}
}
