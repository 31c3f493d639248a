package page

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
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
	return send(c, file, media, c.Param("file"))
}

// send answers with a file to keep.
func send(c echo.Context, file app.File, media, name string) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, media)
	h.Set(echo.HeaderContentLength, strconv.FormatInt(file.Size, 10))
	h.Set(echo.HeaderContentDisposition, "attachment; filename="+name)
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return file.Body.Close()
	}
	return file.Send(c.Response(), http.NewResponseController(c.Response()))
}

// bundle serves the one file by which anybody checks the result. A correction makes
// another one, so it is asked for by its ETag.
func (p *pages) bundle(c echo.Context) error {
	ctx := c.Request().Context()
	file, hash, err := p.app.Bundle(ctx, c.Param("slug"))
	if err != nil {
		return p.app.OrUnknown(ctx, c.Param("slug"), err)
	}
	if file.Job != nil {
		return errBeingMade
	}
	tag := `"` + hash + `"`
	c.Response().Header().Set("ETag", tag)
	c.Response().Header().Set(echo.HeaderCacheControl, "public, no-cache")
	if c.Request().Header.Get("If-None-Match") == tag {
		return errors.Join(file.Body.Close(), c.NoContent(http.StatusNotModified))
	}
	return send(c, file, "application/zip", c.Param("slug")+".zip")
}
