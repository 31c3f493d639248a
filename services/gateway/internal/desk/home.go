package desk

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

func (d *desk) mountHome() {
	d.page(app.ReadAccount, root, d.home)
	d.section(app.ReadDesk, "", "desk.dashboard", d.dashboard)
}

// homePage lists the selections in which somebody has a role.
type homePage struct{ Selections []homeSelection }

type homeSelection struct {
	Href, Title, Edition string
	Roles                []string
	Now                  []string // phases that are open, and how long
}

func (d *desk) home(c echo.Context, at *place) error {
	if at.Account.NeedsFactor { // before all else
		return c.Redirect(http.StatusSeeOther, accountPath)
	}
	own, err := d.app.Own(c.Request().Context())
	if err != nil {
		return err
	}
	var data homePage
	for _, one := range own {
		s := homeSelection{
			Href: root + "/s/" + one.Selection.Slug, Title: at.Words(one.Selection.Title),
			Edition: at.N("selection.edition", int64(one.Selection.Edition)), Now: at.open(one.Selection, d.Now()),
		}
		for _, role := range one.Roles {
			s.Roles = append(s.Roles, at.T("desk.role."+string(role)))
		}
		data.Selections = append(data.Selections, s)
	}
	return d.render(c, at, web.Page{Name: "home", Title: at.T("desk.home.title"), Data: data})
}
