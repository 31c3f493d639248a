package page

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// errBeingMade is of a file that is made again.
var errBeingMade = fault.NewUnavailable("file_being_made", "the file is being made; try again in a moment", 2*time.Second)

// checkable serves a file by which anybody checks the result.
func (p *pages) checkable(c echo.Context) error {
	ctx := c.Request().Context()
	file, media, err := p.app.Check(ctx, c.Param("slug"), c.Param("file"))
	if err != nil {
		return p.app.OrUnknown(ctx, c.Param("slug"), err)
	}
	if file.Job != nil {
		return errBeingMade
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, media)
	h.Set(echo.HeaderContentLength, strconv.FormatInt(file.Size, 10))
	h.Set(echo.HeaderContentDisposition, "attachment; filename="+c.Param("file"))
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return file.Body.Close()
	}
	return file.Send(c.Response(), http.NewResponseController(c.Response()))
}
