package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const secondPath = signInPath + "/second"

// challengeLife is how long a browser remembers that it is between the two steps.
const challengeLife = 10 * time.Minute

// passkeyBegin is the route of the API that begins a sign-in by a passkey alone.
const passkeyBegin = "/api/v1/sessions/passkey/begin"

// passkeyForm has the browser ask a device, which takes a script, and sends what
// the device answers.
type passkeyForm struct {
	Action  string
	Button  string
	Begin   string          // address that says what to ask; empty: Options do
	Options json.RawMessage // WebAuthn's
	Create  bool            // a new passkey is made
	Hidden  []Field
	Fields  []Field
}

// signInPage asks for address and password, or for a passkey.
type signInPage struct {
	Form    *Form
	Passkey *passkeyForm // nil: the installation takes none
}

func (d *desk) signInPage(t web.Printer, form *Form) signInPage {
	pg := signInPage{Form: form}
	if _, _, ok := identity.PasskeySite(d.PublicURL); ok {
		pg.Passkey = &passkeyForm{
			Action: signInPath + "/passkey", Button: t.T("factor.passkey.signin"), Begin: passkeyBegin,
			Hidden: []Field{{Name: "to", Value: form.Field("to").Value}, {Name: "ceremony"}},
		}
	}
	return pg
}

// entered leads on whoever has shown the password: to the second factor, or to
// the desk.
func (d *desk) entered(c echo.Context, s identity.Session, to string) error {
	if s.Challenge != nil {
		d.SetCookie(c, web.CookieChallenge, s.Challenge.Token, "/", challengeLife)
		return c.Redirect(http.StatusSeeOther, secondPath+"?"+url.Values{"to": {to}}.Encode())
	}
	d.SetSession(c, s.Token, s.ExpiresAt)
	return c.Redirect(http.StatusSeeOther, to)
}

// secondPage asks for a second factor.
type secondPage struct {
	Code, Recovery *Form // nil: the account has none
	Passkey        *passkeyForm
	Wrong          []Text
}

// second shows what the sign-in in the browser's cookie asks for.
func (d *desk) second(c echo.Context) error {
	return d.showSecond(c, http.StatusOK, c.QueryParam("to"), nil, nil)
}

// showSecond shows it, with what was typed and what is wrong with it. A sign-in
// that has ended begins again.
func (d *desk) showSecond(c echo.Context, status int, to string, typed url.Values, wrong error) error {
	t := d.views.View(c).Printer
	challenge, err := d.app.Challenge(c.Request().Context(), d.Cookie(c, web.CookieChallenge))
	if errors.Is(err, identity.ErrChallenge) {
		form := d.signInForm(t, to)
		if d.Cookie(c, web.CookieChallenge) == "" {
			return d.showSignIn(c, http.StatusOK, form)
		}
		d.SetCookie(c, web.CookieChallenge, "", "/", -time.Second)
		form.Wrong = []Text{{Text: t.T("fault.challenge_invalid")}}
		return d.showSignIn(c, http.StatusUnauthorized, form)
	}
	if err != nil {
		return err
	}
	data := d.secondPage(t, challenge, to)
	for _, form := range []*Form{data.Code, data.Recovery} {
		if form == nil || wrong == nil || !typed.Has(form.Fields[0].Name) {
			continue
		}
		if _, err := form.refuse(t, wrong); err != nil {
			return err
		}
		wrong = nil
	}
	if wrong != nil {
		var none Form
		if _, err := none.refuse(t, wrong); err != nil {
			return err
		}
		data.Wrong = none.Wrong
	}
	return d.render(c, &place{Printer: t}, web.Page{
		Name: "second", Status: status, Address: secondPath, Title: t.T("factor.second.title"), Section: "account", Data: data,
	})
}

func (d *desk) secondPage(t web.Printer, challenge identity.Challenge, to string) (data secondPage) {
	if !ours(to) {
		to = root
	}
	hidden := Field{Name: "to", Kind: "hidden", Value: to}
	has := func(factor string) bool { return slices.Contains(challenge.Factors, factor) }
	if has(identity.FactorTOTP) {
		data.Code = &Form{Action: secondPath + "/prove", Button: t.T("desk.signin.button"), Fields: []Field{
			{Name: "code", Kind: "tel", Label: t.T("factor.code"), Hint: t.T("factor.code.hint"), Autocomplete: "one-time-code", Max: 12}, hidden,
		}}
	}
	if has(identity.FactorRecovery) {
		data.Recovery = &Form{Action: secondPath + "/prove", Button: t.T("desk.signin.button"), Fields: []Field{
			{Name: "recovery", Label: t.T("factor.recovery.code"), Hint: t.T("factor.recovery.hint"), Autocomplete: "off"}, hidden,
		}}
	}
	if has(identity.FactorPasskey) {
		data.Passkey = &passkeyForm{Action: secondPath + "/prove", Button: t.T("factor.passkey.use"), Options: challenge.Passkey, Hidden: []Field{hidden}}
	}
	return data
}

// proveSecond answers what a sign-in asks for.
func (d *desk) proveSecond(c echo.Context) error {
	typed, err := web.Form(c)
	if err != nil {
		return err
	}
	to := typed.Get("to")
	if !ours(to) {
		to = root
	}
	in := gateway.ProveSecond{Challenge: d.Cookie(c, web.CookieChallenge), Code: typed.Get("code"), Recovery: typed.Get("recovery")}
	if answer := typed.Get("passkey"); json.Valid([]byte(answer)) {
		in.Passkey = json.RawMessage(answer)
	}
	s, err := d.app.ProveSecond(c.Request().Context(), in)
	if err != nil {
		return d.showSecond(c, statusOf(err), to, typed, err)
	}
	d.SetCookie(c, web.CookieChallenge, "", "/", -time.Second)
	return d.entered(c, s, to)
}

// enterByPasskey signs in who has a passkey, without a password.
func (d *desk) enterByPasskey(c echo.Context) error {
	typed, err := web.Form(c)
	if err != nil {
		return err
	}
	t := d.views.View(c).Printer
	form := d.signInForm(t, typed.Get("to"))
	in := gateway.SignInByPasskey{Ceremony: typed.Get("ceremony"), Passkey: json.RawMessage("null")}
	if answer := typed.Get("passkey"); json.Valid([]byte(answer)) {
		in.Passkey = json.RawMessage(answer)
	}
	s, err := d.app.SignInByPasskey(c.Request().Context(), in)
	if err != nil {
		return d.again(c, &place{Printer: t}, form, nil, err, func(status int) error { return d.showSignIn(c, status, form) })
	}
	return d.entered(c, s, form.Field("to").Value)
}
