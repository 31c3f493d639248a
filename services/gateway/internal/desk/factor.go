package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

// The pages on which factors are added and removed, and codes made anew.
const (
	totpPath     = accountPath + "/totp"
	passkeyPath  = accountPath + "/passkey"
	recoveryPath = accountPath + "/recovery"
	factorPath   = accountPath + "/factors/:factor"
)

func (d *desk) mountFactors() {
	d.page(app.ChangeFactors, totpPath, d.totp)
	d.form(app.ChangeFactors, totpPath, "begin", d.beginTOTP, "present")
	d.form(app.ChangeFactors, totpPath, "finish", d.finishTOTP)
	d.page(app.ChangeFactors, passkeyPath, d.passkey)
	d.form(app.ChangeFactors, passkeyPath, "begin", d.beginPasskey, "present")
	d.form(app.ChangeFactors, passkeyPath, "finish", d.finishPasskey)
	d.page(app.ChangeFactors, recoveryPath, d.recovery)
	d.form(app.ChangeFactors, recoveryPath, "renew", d.renewRecovery, "present")
	d.page(app.ChangeFactors, factorPath, d.factor)
	d.form(app.ChangeFactors, factorPath, "remove", d.removeFactor, "present")
}

// why is what the password is asked for.
type why struct{ title, lead string }

func whyTOTP(at *place) why    { return why{at.T("factor.totp.title"), at.T("factor.totp.lead")} }
func whyPasskey(at *place) why { return why{at.T("factor.passkey.title"), at.T("factor.passkey.lead")} }

func whyRecovery(at *place) why {
	return why{at.T("factor.recovery.title"), at.T("factor.recovery.lead")}
}

// askAgain asks for the password before something of the account changes.
func (d *desk) askAgain(c echo.Context, at *place, status int, w why, form *Form) error {
	return d.ask(c, at, status, w.title, askPage{Lead: w.lead, Form: form, Back: accountPath, BackButton: at.T("account.page.title")})
}

func againForm(at *place, action, button string) *Form {
	return &Form{Action: action, Button: button, Fields: []Field{presentField(at)}}
}

func (d *desk) totp(c echo.Context, at *place) error {
	return d.askAgain(c, at, http.StatusOK, whyTOTP(at), againForm(at, totpPath+"/begin", at.T("factor.next")))
}

// begin begins to add a factor; where the password is wrong it is asked for again.
func (d *desk) begin(
	c echo.Context, at *place, kind identity.FactorKind, w why, form *Form, typed url.Values, show func(begun identity.FactorBegun) error,
) error {
	begun, err := d.app.BeginFactor(c.Request().Context(), gateway.BeginFactor{Kind: kind, Present: typed.Get("present")})
	if err != nil {
		return d.again(c, at, form, typed, atPresent(at, err, form), func(status int) error { return d.askAgain(c, at, status, w, form) })
	}
	return show(begun)
}

func (d *desk) beginTOTP(c echo.Context, at *place, typed url.Values) error {
	form := againForm(at, totpPath+"/begin", at.T("factor.next"))
	return d.begin(c, at, identity.FactorTOTP, whyTOTP(at), form, typed, func(begun identity.FactorBegun) error {
		return d.showTOTP(c, at, http.StatusOK, totpForm(at, begun.Ceremony, begun.Address))
	})
}

// totpPage shows what an app reads, and asks for its code.
type totpPage struct {
	QR     web.QR
	Secret string // in groups, to be typed
	Form   *Form
}

func totpForm(at *place, ceremony, address string) *Form {
	return &Form{Action: totpPath + "/finish", Button: at.T("factor.totp.button"), Fields: []Field{
		{Name: "ceremony", Kind: "hidden", Value: ceremony},
		{Name: "address", Kind: "hidden", Value: address}, // the page shows it again
		{Name: "name", Label: at.T("factor.name"), Hint: at.T("factor.totp.name.hint"), Max: 100, Optional: true, Autocomplete: "off"},
		{Name: "code", Kind: "tel", Label: at.T("factor.code"), Hint: at.T("factor.code.hint"), Autocomplete: "one-time-code", Max: 12},
	}}
}

// maxAddress is how long the address of an app may be.
const maxAddress = 1024

func (d *desk) showTOTP(c echo.Context, at *place, status int, form *Form) error {
	data := totpPage{Form: form}
	address := form.Field("address").Value
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || len(address) > maxAddress {
		return c.Redirect(http.StatusSeeOther, totpPath)
	}
	if data.QR, err = web.NewQR(address); err != nil {
		return err
	}
	for group := range slices.Chunk([]byte(u.Query().Get("secret")), 4) {
		data.Secret = strings.TrimSpace(data.Secret + " " + string(group))
	}
	return d.render(c, at, web.Page{Name: "totp", Status: status, Title: at.T("factor.totp.title"), Address: totpPath, Section: "account", Data: data})
}

func (d *desk) finishTOTP(c echo.Context, at *place, typed url.Values) error {
	in := gateway.FinishFactor{Ceremony: typed.Get("ceremony"), Name: typed.Get("name"), Code: typed.Get("code")}
	added, err := d.app.FinishFactor(c.Request().Context(), in)
	if errors.Is(err, identity.ErrCeremony) {
		form := againForm(at, totpPath+"/begin", at.T("factor.next"))
		return d.again(c, at, form, nil, err, func(status int) error { return d.askAgain(c, at, status, whyTOTP(at), form) })
	}
	if err != nil {
		form := totpForm(at, in.Ceremony, typed.Get("address"))
		return d.again(c, at, form, typed, atCode(at, err, form), func(status int) error { return d.showTOTP(c, at, status, form) })
	}
	return d.added(c, at, added)
}

// atCode tells at its field that a code is wrong.
func atCode(at *place, err error, form *Form) error {
	if errors.Is(err, identity.ErrSecond) {
		for i := range form.Fields {
			if form.Fields[i].Name == "code" {
				form.Fields[i].Wrong = Text{Text: at.T("factor.code.wrong")}
			}
		}
	}
	return err
}

// added says that a factor was added, with the codes of recovery where they are
// new: they are shown this once.
func (d *desk) added(c echo.Context, at *place, added identity.FactorAdded) error {
	text := at.T("factor.added", "kind", at.T("factor.kind."+string(added.Factor.Kind)))
	if len(added.RecoveryCodes) == 0 {
		return d.done(c, accountPath, text, nil)
	}
	return d.codes(c, at, text, added.RecoveryCodes)
}

// codesPage shows codes of recovery.
type codesPage struct {
	Said  string
	Codes []string
}

func (d *desk) codes(c echo.Context, at *place, said string, codes []string) error {
	return d.render(c, at, web.Page{
		Name: "codes", Title: at.T("factor.recovery.title"), Address: accountPath, Section: "account", Data: codesPage{Said: said, Codes: codes},
	})
}

func (d *desk) passkey(c echo.Context, at *place) error {
	if _, _, ok := identity.PasskeySite(d.PublicURL); !ok {
		return identity.ErrNoPasskeys
	}
	return d.askAgain(c, at, http.StatusOK, whyPasskey(at), againForm(at, passkeyPath+"/begin", at.T("factor.next")))
}

func (d *desk) beginPasskey(c echo.Context, at *place, typed url.Values) error {
	form := againForm(at, passkeyPath+"/begin", at.T("factor.next"))
	return d.begin(c, at, identity.FactorPasskey, whyPasskey(at), form, typed, func(begun identity.FactorBegun) error {
		return d.render(c, at, web.Page{
			Name: "passkey", Title: at.T("factor.passkey.title"), Address: passkeyPath, Section: "account", Data: &passkeyForm{
				Action: passkeyPath + "/finish", Button: at.T("factor.passkey.make"), Options: begun.Passkey, Create: true,
				Hidden: []Field{{Name: "ceremony", Value: begun.Ceremony}},
				Fields: []Field{{Name: "name", Label: at.T("factor.name"), Hint: at.T("factor.passkey.name.hint"), Max: 100, Optional: true, Autocomplete: "off"}},
			},
		})
	})
}

func (d *desk) finishPasskey(c echo.Context, at *place, typed url.Values) error {
	in := gateway.FinishFactor{Ceremony: typed.Get("ceremony"), Name: typed.Get("name"), Passkey: json.RawMessage("null")}
	if answer := typed.Get("passkey"); json.Valid([]byte(answer)) {
		in.Passkey = json.RawMessage(answer)
	}
	added, err := d.app.FinishFactor(c.Request().Context(), in)
	if err != nil { // a device is asked anew for each try
		form := againForm(at, passkeyPath+"/begin", at.T("factor.next"))
		return d.again(c, at, form, nil, err, func(status int) error { return d.askAgain(c, at, status, whyPasskey(at), form) })
	}
	return d.added(c, at, added)
}

func (d *desk) recovery(c echo.Context, at *place) error {
	return d.askAgain(c, at, http.StatusOK, whyRecovery(at), againForm(at, recoveryPath+"/renew", at.T("factor.recovery.button")))
}

func (d *desk) renewRecovery(c echo.Context, at *place, typed url.Values) error {
	made, err := d.app.RenewRecovery(c.Request().Context(), typed.Get("present"))
	if err != nil {
		form := againForm(at, recoveryPath+"/renew", at.T("factor.recovery.button"))
		return d.again(c, at, form, typed, atPresent(at, err, form), func(status int) error { return d.askAgain(c, at, status, whyRecovery(at), form) })
	}
	return d.codes(c, at, at.T("factor.recovery.renewed"), made.Codes)
}

// removeForm asks for the password before a factor goes.
func (d *desk) removeForm(c echo.Context, at *place) (*Form, why, error) {
	all, err := d.app.Factors(c.Request().Context())
	if err != nil {
		return nil, why{}, err
	}
	i := slices.IndexFunc(all.Factors, func(f identity.Factor) bool { return f.ID == c.Param("factor") })
	if i < 0 {
		return nil, why{}, identity.ErrNoFactor
	}
	title := at.T("factor.remove.title", "kind", at.T("factor.kind."+string(all.Factors[i].Kind)))
	action := strings.Replace(factorPath, ":factor", url.PathEscape(all.Factors[i].ID), 1) + "/remove"
	return againForm(at, action, at.T("factor.remove.button")), why{title, at.T("factor.remove.lead")}, nil
}

func (d *desk) factor(c echo.Context, at *place) error {
	form, w, err := d.removeForm(c, at)
	if err != nil {
		return err
	}
	return d.askAgain(c, at, http.StatusOK, w, form)
}

func (d *desk) removeFactor(c echo.Context, at *place, typed url.Values) error {
	form, w, err := d.removeForm(c, at)
	if err != nil {
		return err
	}
	if _, err := d.app.RemoveFactor(c.Request().Context(), c.Param("factor"), typed.Get("present")); err != nil {
		return d.again(c, at, form, typed, atPresent(at, err, form), func(status int) error { return d.askAgain(c, at, status, w, form) })
	}
	return d.done(c, accountPath, at.T("factor.removed"), nil)
}
