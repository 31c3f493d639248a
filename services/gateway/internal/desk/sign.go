package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/review"
)

const signPath = of + "/sign"

func (d *desk) mountSign() {
	d.section(app.ReadSigning, "sign", "desk.sign", func(c echo.Context, at *place) error {
		return d.showSigning(c, at, http.StatusOK, nil)
	})
	d.form(app.SignDecision, signPath, "confirm", d.sign, "present")
	d.page(app.SignDecision, signPath+"/refuse", func(c echo.Context, at *place) error {
		return d.showRefusal(c, at, http.StatusOK, nil)
	})
	d.form(app.SignDecision, signPath+"/refuse", "confirm", d.refuse, "reason")
}

// signPage is what hosts sign.
type signPage struct {
	Motion    *motionView
	Awards    []filledView
	Form      *Form        // nil: there is nothing for the reader to sign
	Passkey   *passkeyForm // in place of Form's own button
	Other     string       // address of the page with the other way
	OtherText string
	Refuse    string // address
	Said      string
}

// hostRow is what a host has said of a motion.
type hostRow struct {
	Title, Signer, Reason string
	Said                  bool
	At                    web.Moment
}

func hostRows(at *place, all []review.SignOff) (rows []hostRow) {
	for _, s := range all {
		row := hostRow{Title: at.Words(s.Title), Signer: s.Signer, Reason: s.Reason, Said: s.At != nil}
		if row.Said {
			row.At = at.moment(*s.At)
		}
		rows = append(rows, row)
	}
	return rows
}

// mineToSign are the hosts that the reader may sign for, and have not signed.
func mineToSign(at *place, s review.Signing) []review.SignOff {
	return slices.DeleteFunc(s.Motion.Awaits(), func(h review.SignOff) bool { return !at.Within(app.SignDecision, h.Host) })
}

// hostField asks for which host, where there are several.
func hostField(at *place, hosts []review.SignOff) Field {
	if len(hosts) == 1 {
		return Field{Name: "host", Kind: "hidden", Value: hosts[0].Host}
	}
	field := Field{Name: "host", Kind: "radio", Label: at.T("desk.sign.host")}
	for _, h := range hosts {
		field.Options = append(field.Options, Option{Value: h.Host, Text: at.Words(h.Title)})
	}
	return field
}

// showSigning shows what is signed; again puts into the form what was typed and what
// is wrong with it.
func (d *desk) showSigning(c echo.Context, at *place, status int, again func(f *Form) (int, error)) error {
	ctx := c.Request().Context()
	s, err := d.app.Signing(ctx, at.Slug)
	if err != nil {
		return err
	}
	data := signPage{Said: at.T("desk.sign.nothing")}
	if s.Motion.Number > 0 && len(s.Motion.SignOffs) > 0 {
		shown := d.motion(at, review.Meeting{}, s.Motion)
		data.Motion, data.Said = &shown, ""
		data.Awards = d.filled(at, review.Motion{Seats: s.Awards})
	}
	if hosts := mineToSign(at, s); len(hosts) > 0 {
		if err := d.signForm(c, at, &data, hosts, s.Motion.ResultHash); err != nil {
			return err
		}
		data.Refuse = at.Path("sign", "refuse")
	} else if s.Motion.Outcome == review.AwaitsHosts {
		data.Said = at.T("desk.sign.yours")
	}
	if again != nil {
		form := data.Form
		if form == nil {
			form = &Form{}
			data.Form = form
		}
		if status, err = again(form); err != nil {
			return err
		}
	}
	if data.Passkey != nil {
		data.Passkey.Fields = slices.DeleteFunc(slices.Clone(data.Form.Fields), func(f Field) bool { return f.Kind == "hidden" })
	}
	return d.render(c, at, web.Page{Name: "sign", Status: status, Title: at.T("desk.sign"), Data: data})
}

// signForm asks for the name that is shown, and for a proof of who signs.
func (d *desk) signForm(c echo.Context, at *place, data *signPage, hosts []review.SignOff, hash string) error {
	asked, err := d.app.AskFresh(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	action := at.Path("sign", "confirm")
	form := &Form{Action: action, Button: at.T("desk.sign.send"), Fields: []Field{
		hostField(at, hosts),
		{Name: "hash", Kind: "hidden", Value: hash},
		{Name: "signer", Label: at.T("desk.sign.signer"), Hint: at.T("desk.sign.signer.hint"), Value: at.Account.Name, Max: 100},
	}}
	data.Form = form
	typed := c.QueryParam("by") == "password" || c.FormValue("by") == "password"
	if asked.Ceremony != "" {
		data.Other, data.OtherText = at.Path("sign")+"?by=password", at.T("desk.sign.by.password")
		if typed {
			data.Other, data.OtherText = at.Path("sign"), at.T("desk.sign.by.passkey")
		}
	}
	if asked.Ceremony != "" && !typed {
		data.Passkey = &passkeyForm{Action: action, Button: at.T("desk.sign.passkey"), Options: asked.Passkey, Hidden: []Field{
			{Name: "ceremony", Value: asked.Ceremony}, {Name: "hash", Value: hash},
		}}
		if len(hosts) == 1 {
			data.Passkey.Hidden = append(data.Passkey.Hidden, Field{Name: "host", Value: hosts[0].Host})
		}
		return nil
	}
	form.Fields = append(form.Fields, presentField(at))
	if len(asked.Factors) > 0 {
		form.Fields = append(form.Fields, Field{
			Name: "code", Label: at.T("factor.code"), Hint: at.T("desk.sign.code.hint"), Autocomplete: "one-time-code", Max: 64,
		})
	}
	if asked.Ceremony != "" {
		form.Fields = append(form.Fields, Field{Name: "by", Kind: "hidden", Value: "password"})
	}
	return nil
}

// codeLength is how long an app's code is; those of recovery are longer.
const codeLength = 8

func (d *desk) sign(c echo.Context, at *place, typed url.Values) error {
	in := gateway.SignDecision{
		Host: typed.Get("host"), ResultHash: typed.Get("hash"), Signer: typed.Get("signer"), Present: typed.Get("present"), Ceremony: typed.Get("ceremony"),
	}
	if code := typed.Get("code"); len(code) <= codeLength {
		in.Code = code
	} else {
		in.Recovery = code
	}
	if answer := typed.Get("passkey"); answer != "" && json.Valid([]byte(answer)) {
		in.Passkey = json.RawMessage(answer)
	}
	s, err := d.app.SignDecision(c.Request().Context(), at.Slug, in)
	if err != nil {
		return d.showSigning(c, at, http.StatusOK, func(form *Form) (int, error) {
			form.fill(typed)
			status, failed := form.refuse(at.Printer, atCode(at, atPresent(at, err, form), form))
			return status, failed
		})
	}
	text := "desk.sign.done"
	if s.Motion.Outcome == review.Approved {
		text = "desk.sign.decided"
	}
	return d.done(c, at.Path("sign"), at.T(text), nil)
}

func (d *desk) showRefusal(c echo.Context, at *place, status int, again func(f *Form) (int, error)) error {
	s, err := d.app.Signing(c.Request().Context(), at.Slug)
	if err != nil {
		return err
	}
	hosts := mineToSign(at, s)
	form := &Form{Action: at.Path("sign", "refuse", "confirm"), Button: at.T("desk.sign.refuse.send")}
	if len(hosts) == 0 {
		err = errors.Join(err, review.ErrNothingToSign)
	} else {
		form.Fields = []Field{
			hostField(at, hosts), {Name: "hash", Kind: "hidden", Value: s.Motion.ResultHash}, at.reason("desk.sign.refuse.hint"),
		}
	}
	if again != nil {
		status, err = again(form)
	}
	if err != nil {
		return err
	}
	return d.ask(c, at, status, at.T("desk.sign.refuse"), askPage{
		Lead: at.T("desk.sign.refuse.told"), Form: form, Back: at.Path("sign"), BackButton: at.T("desk.sign"),
	})
}

func (d *desk) refuse(c echo.Context, at *place, typed url.Values) error {
	_, err := d.app.RefuseDecision(c.Request().Context(), at.Slug, gateway.RefuseDecision{
		Host: typed.Get("host"), ResultHash: typed.Get("hash"), Reason: typed.Get("reason"),
	})
	if err != nil {
		return d.showRefusal(c, at, http.StatusOK, func(form *Form) (int, error) {
			form.fill(typed)
			return form.refuse(at.Printer, err)
		})
	}
	return d.done(c, at.Path("sign"), at.T("desk.sign.refuse.done"), nil)
}
