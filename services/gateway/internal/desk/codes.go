package desk

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/print"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

// codeAct is what may be done with codes; each has a page with its form.
type codeAct struct {
	act  app.Act
	name string
	form func(at *place) []Field
	send func(d *desk, c echo.Context, at *place, typed url.Values) error
}

func codeActs() []codeAct {
	return []codeAct{
		{app.ExportCodes, "codes", exportFields, (*desk).exportCodes},
		{app.MailCodes, "mail", mailFields, (*desk).mailCodes},
		{app.ReplaceCode, "replace", replaceFields, (*desk).replaceCode},
	}
}

func (d *desk) mountCodes() {
	for _, one := range codeActs() {
		at := rosterPath + "/" + one.name
		d.page(one.act, at, func(c echo.Context, at *place) error {
			return d.showCodes(c, at, one.name, http.StatusOK, codesForm(at, one))
		})
		d.form(one.act, at, "send", func(c echo.Context, at *place, typed url.Values) error {
			err := one.send(d, c, at, typed)
			if err == nil {
				return nil
			}
			form := codesForm(at, one)
			return d.again(c, at, form, typed, err, func(status int) error { return d.showCodes(c, at, one.name, status, form) })
		}, "reason")
	}
}

func codesForm(at *place, one codeAct) *Form {
	return &Form{Action: at.Path("roster", one.name, "send"), Button: at.T("desk.codes." + one.name), Fields: one.form(at)}
}

func (d *desk) showCodes(c echo.Context, at *place, name string, status int, form *Form) error {
	return d.render(c, at, web.Page{Name: "panel-act", Status: status, Title: at.T("desk.codes." + name), Data: aboutView{
		Form: form, Text: at.T("desk.codes.does." + name), Back: at.Path("roster"), To: at.T("desk.roster"),
	}})
}

// formName names a form of a list of codes.
func formName(at *place, form string) string { return at.T("desk.codes.form." + form) }

// optionalReason asks why, where no answer is wanted.
func (at *place) optionalReason(hint string) Field {
	why := at.reason(hint)
	why.Optional = true
	return why
}

func exportFields(at *place) []Field {
	format := Field{Name: "format", Kind: "radio", Label: at.T("desk.codes.format"), Value: string(gateway.FormXLSX)}
	for _, f := range gateway.Forms() {
		format.Options = append(format.Options, Option{Value: string(f), Text: formName(at, string(f))})
	}
	language := Field{Name: "language", Kind: "select", Label: at.T("desk.codes.language"), Value: at.Lang}
	for _, lang := range web.Languages() {
		language.Options = append(language.Options, Option{Value: lang, Text: at.T("desk.codes.language." + lang)})
	}
	return []Field{format, language, at.optionalReason("desk.codes.reason.all")}
}

func mailFields(at *place) []Field {
	return []Field{
		{Name: "member", Label: at.T("desk.codes.member"), Hint: at.T("desk.codes.member.one"), Max: 256, Optional: true},
		{Name: "email", Kind: "email", Label: at.T("desk.codes.email"), Hint: at.T("desk.codes.email.hint"), Max: 254, Optional: true},
		at.optionalReason("desk.codes.reason.mail"),
	}
}

func replaceFields(at *place) []Field {
	return []Field{{Name: "member", Label: at.T("desk.codes.member"), Hint: at.T("desk.codes.member.hint"), Max: 256}, at.reason("desk.reason.hint")}
}

// exportCodes answers with the list of codes, this once. The page that is read
// next says what was handed out.
func (d *desk) exportCodes(c echo.Context, at *place, typed url.Values) error {
	form := gateway.Form(typed.Get("format"))
	codes, err := d.app.ExportCodes(c.Request().Context(), at.Slug, form, typed.Get("reason"))
	if err != nil {
		return err
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(web.AnswerTime)) // a recorder in a test has none
	address := d.Address(c) + "/s/" + at.Slug
	var body bytes.Buffer
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"
	switch form {
	case gateway.FormHTML:
		media, ending = "text/html; charset=utf-8", ".html"
		err = print.WriteSlips(&body, typed.Get("language"), print.Slips{Title: codes.Title, Address: address, Codes: codes.Coded})
	case gateway.FormSealed:
		media, ending = "application/octet-stream", ".age"
		body.Write(codes.Sealed)
	default:
		err = print.WriteCodes(&body, address, codes.Coded)
	}
	if err != nil {
		return err
	}
	said := at.T("desk.codes.exported", "export", codes.Export, "left", codes.Left)
	if !codes.InForce {
		said += " " + at.T("desk.codes.notyet")
	}
	if err := d.tell(c, said, nil); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+at.Slug+"-codes-"+strconv.Itoa(codes.Export)+ending+`"`)
	return c.Blob(http.StatusOK, media, body.Bytes())
}

func (d *desk) mailCodes(c echo.Context, at *place, typed url.Values) error {
	out, err := d.app.MailCodes(c.Request().Context(), identity.MailCodes{
		Slug: at.Slug, Member: typed.Get("member"), Email: typed.Get("email"), Reason: typed.Get("reason"),
	})
	if err != nil {
		return err
	}
	return d.done(c, at.Path("roster"), at.N("desk.codes.mailed", int64(out.Letters), "left", out.Left), nil)
}

// codePage shows a member's new code, this once.
type codePage struct {
	gateway.CodeReplaced

	Address string
	Back    string
}

func (d *desk) replaceCode(c echo.Context, at *place, typed url.Values) error {
	made, err := d.app.ReplaceCode(c.Request().Context(), identity.ReplaceCode{Slug: at.Slug, Member: typed.Get("member"), Reason: typed.Get("reason")})
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{Name: "code", Title: at.T("desk.codes.new"), Data: codePage{
		CodeReplaced: made, Address: d.Address(c) + "/s/" + at.Slug, Back: at.Path("roster"),
	}})
}
