package desk

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// intake says which files a form takes.
type intake struct {
	act   app.Act
	files int
	bytes int64  // together
	body  string // the same, and a little for the rest, as the middleware reads it
}

// received answers a form with files.
type received func(c echo.Context, at *place, form url.Values, files *app.Intake) error

// files mounts a form with files. They go to the store as they come, and are
// held nowhere else; nothing is read of what nobody may send.
func (d *desk) files(path, name string, in intake, h received) {
	answer := func(c echo.Context, at *place) error {
		ctx := c.Request().Context()
		files, err := d.app.NewIntake(ctx, in.act, at.Slug, in.files, in.bytes)
		if err != nil {
			return err
		}
		defer func() { files.Drop(ctx) }()
		form, err := web.Files(c, files)
		if err != nil && !errors.Is(err, app.ErrIntake) {
			return err
		}
		if err != nil {
			files.Refused = err
		}
		return h(c, at, form, files)
	}
	web.Post(d.echo, in.act, path, name, d.seated(in.act, answer), d.throughUpTo(in.body)...)
}

// picture answers with a JPEG.
func picture(c echo.Context, body io.ReadCloser) error {
	defer body.Close()
	return c.Stream(http.StatusOK, "image/jpeg", body)
}
