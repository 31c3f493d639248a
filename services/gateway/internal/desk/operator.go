package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

// operatorsPath is the page of who has a role in all selections.
const operatorsPath = root + "/operators"

func (d *desk) mountOperators() {
	d.page(app.ListOperators, operatorsPath, d.operators)
	d.form(app.ChangeOperators, operatorsPath, "give", d.giveOperator)
	d.form(app.ChangeOperators, operatorsPath, "revoke", d.revokeOperator)
	d.page(app.ChangeAccess, operatorsPath+"/access", d.access)
	d.form(app.ChangeAccess, operatorsPath+"/access", "change", d.changeAccess, "reason")
}

// operatorsPage lists who has a role in all selections.
type operatorsPage struct {
	People []operatorRow
	Form   *Form
	Access string // address
}

type operatorRow struct {
	Name, Email, State string
	Roles              []roleRow
}

func operatorForm(at *place) *Form {
	role := Field{Name: "role", Kind: "select", Label: at.T("desk.operators.role"), Value: string(app.OperatorRoles()[0])}
	for _, r := range app.OperatorRoles() {
		role.Options = append(role.Options, Option{Value: string(r), Text: at.T("desk.role." + string(r))})
	}
	return &Form{Action: operatorsPath + "/give", Button: at.T("desk.operators.give"), Fields: []Field{
		{Name: "name", Label: at.T("desk.operators.name"), Max: 100, Optional: true},
		{Name: "email", Kind: "email", Label: at.T("desk.operators.email"), Max: 254},
		role,
	}}
}

func (d *desk) operators(c echo.Context, at *place) error {
	return d.showOperators(c, at, http.StatusOK, operatorForm(at))
}

func (d *desk) showOperators(c echo.Context, at *place, status int, form *Form) error {
	all, err := d.app.Operators(c.Request().Context())
	if err != nil {
		return err
	}
	data := operatorsPage{Form: form, Access: operatorsPath + "/access"}
	for _, a := range all {
		row := operatorRow{Name: a.Name, Email: a.Email, State: at.T("desk.people.state." + string(a.State))}
		for _, g := range app.RolesInAll(a) {
			row.Roles = append(row.Roles, roleRow{Text: at.T("desk.role." + string(g.Role)), Role: string(g.Role), Scope: g.Scope})
		}
		data.People = append(data.People, row)
	}
	return d.render(c, at, web.Page{Name: "operators", Status: status, Title: at.T("desk.operators"), Address: operatorsPath, Data: data})
}

func (d *desk) giveOperator(c echo.Context, at *place, typed url.Values) error {
	in := identity.Invite{
		Email: typed.Get("email"), Name: typed.Get("name"), // a link for all selections is only mailed
		Grant: identity.Grant{Role: identity.Role(typed.Get("role")), Scope: typed.Get("scope")},
	}
	out, err := d.app.GiveOperator(c.Request().Context(), in)
	if err != nil {
		form := operatorForm(at)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showOperators(c, at, status, form) })
	}
	return d.invitedAt(c, at, operatorsPath, []identity.Invited{out})
}

func (d *desk) revokeOperator(c echo.Context, at *place, typed url.Values) error {
	g := identity.Grant{Role: identity.Role(typed.Get("role")), Scope: typed.Get("scope")}
	if _, err := d.app.RevokeOperator(c.Request().Context(), identity.Change{Email: typed.Get("email"), Grant: g}); err != nil {
		form := operatorForm(at)
		return d.again(c, at, form, url.Values{}, err, func(status int) error { return d.showOperators(c, at, status, form) })
	}
	back := &undo{Action: operatorsPath + "/give", Values: map[string]string{
		"email": typed.Get("email"), "name": typed.Get("name"), "role": string(g.Role), "scope": g.Scope,
	}}
	return d.done(c, operatorsPath, at.T("desk.people.revoked", "email", typed.Get("email")), back)
}

// accessPage disables an account, or enables it again.
type accessPage struct {
	Form *Form
	Back string
}

// What may be done with the access of an account.
const (
	disableAccount = "disable"
	enableAccount  = "enable"
)

func accessForm(at *place) *Form {
	do := Field{Name: "do", Kind: "radio", Label: at.T("desk.access.do")}
	for _, what := range []string{disableAccount, enableAccount} {
		do.Options = append(do.Options, Option{Value: what, Text: at.T("desk.access." + what), Hint: at.T("desk.access." + what + ".hint")})
	}
	return &Form{Action: operatorsPath + "/access/change", Button: at.T("desk.access.send"), Fields: []Field{
		{Name: "email", Kind: "email", Label: at.T("desk.operators.email"), Max: 254},
		do,
		at.reason("desk.publish.reason.hint"),
	}}
}

func (d *desk) access(c echo.Context, at *place) error {
	form := accessForm(at)
	form.fill(url.Values{"email": {c.QueryParam("email")}})
	return d.showAccess(c, at, http.StatusOK, form)
}

func (d *desk) showAccess(c echo.Context, at *place, status int, form *Form) error {
	return d.render(c, at, web.Page{Name: "operator-access", Status: status, Title: at.T("desk.access"), Data: accessPage{form, operatorsPath}})
}

func (d *desk) changeAccess(c echo.Context, at *place, typed url.Values) error {
	ctx, in := c.Request().Context(), identity.ChangeAccess{Email: typed.Get("email"), Reason: typed.Get("reason")}
	var err error
	said := "desk.access.disabled"
	switch typed.Get("do") {
	case disableAccount:
		_, err = d.app.DisableAccount(ctx, in)
	case enableAccount:
		said = "desk.access.enabled"
		_, err = d.app.EnableAccount(ctx, in)
	default:
		err = problem.Invalid([]fault.Field{fault.Required("do")})
	}
	if err != nil {
		form := accessForm(at)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showAccess(c, at, status, form) })
	}
	return d.done(c, operatorsPath, at.T(said, "email", in.Email), nil)
}
