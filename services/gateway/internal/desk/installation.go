package desk

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// installationPath is the page of who watches over the whole installation.
const installationPath = root + "/installation"

func (d *desk) mountInstallation() {
	d.page(app.CheckAudit, installationPath, d.installation)
	d.page(app.ReadWholeAudit, installationPath+"/audit", d.wholeAudit)
	d.page(app.ReadWholeAudit, installationPath+"/erasures", d.commonErasures)
}

// installationPage tells of each service whether its audit log is what was
// recorded.
type installationPage struct {
	Logs     []auditLog
	Erasures string
}

type auditLog struct {
	Service         string
	Entries, Signed int64
	Problems        []string
	Head            string
	Href            string
}

func (d *desk) installation(c echo.Context, at *place) error {
	reports, err := d.app.AuditReports(c.Request().Context())
	if err != nil {
		return err
	}
	data := installationPage{Erasures: installationPath + "/erasures"}
	for _, r := range reports {
		data.Logs = append(data.Logs, auditLog{
			Service: r.Service, Entries: r.Entries, Signed: r.Signed, Problems: r.Problems, Head: r.Head,
			Href: installationPath + "/audit?service=" + r.Service,
		})
	}
	return d.render(c, at, web.Page{Name: "installation", Title: at.T("desk.installation"), Data: data})
}

// actsPerPage is how many acts stand on a page.
const actsPerPage = 100

// wholeAuditPage is a part of a service's whole audit log, oldest first.
type wholeAuditPage struct {
	Service string
	Rows    []wholeAct
	Back    string
	First   string // address; empty: this is the first page
	Later   string // empty: this is the last one
}

type wholeAct struct {
	gateway.Act

	When web.Moment
}

func (d *desk) wholeAudit(c echo.Context, at *place) error {
	service := c.QueryParam("service")
	if !slices.Contains(event.Services(), service) {
		service = event.Identity
	}
	after, err := strconv.ParseInt(c.QueryParam("after"), 10, 64)
	if err != nil || after < 0 {
		after = 0
	}
	acts, err := d.app.AuditPage(c.Request().Context(), service, after, actsPerPage)
	if err != nil {
		return err
	}
	data := wholeAuditPage{Service: service, Back: installationPath}
	for _, a := range acts {
		data.Rows = append(data.Rows, wholeAct{a, at.Precise(a.At, web.Location("UTC"))})
	}
	if after > 0 {
		data.First = address(c, "after", "")
	}
	if len(acts) == actsPerPage {
		data.Later = address(c, "after", strconv.FormatInt(acts[len(acts)-1].ID, 10))
	}
	return d.render(c, at, web.Page{Name: "whole-audit", Title: at.T("desk.audit"), Data: data})
}

// commonErasures tells what was erased of what belongs to no selection.
func (d *desk) commonErasures(c echo.Context, at *place) error {
	found, err := d.app.CommonErasures(c.Request().Context())
	if err != nil {
		return err
	}
	return d.render(c, at, web.Page{Name: "erasures", Title: at.T("desk.erasures"), Data: at.erasures(found, installationPath, at.T("desk.installation"), "UTC")})
}
