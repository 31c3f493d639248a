package desk

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// Files may take as long as they are large, but whoever takes longer for a part
// is let go, as with those that are sent to them.
const (
	partOfFiles = 1 << 20 // bytes
	partTime    = time.Minute
	answerTime  = 2 * time.Minute // to work on what has come
	maxValue    = 64 << 10        // bytes of a form's text beside files
)

var errFormMalformed = fault.New(fault.Malformed, "form_malformed", "the form cannot be read")

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
		form, err := read(c, files)
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

// read takes a form's files, and gives its texts.
func read(c echo.Context, files *app.Intake) (url.Values, error) {
	form := url.Values{}
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return form, errFormMalformed.Because(err)
	}
	conn := http.NewResponseController(c.Response())
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return form, broken(err)
		}
		if err := take(c, form, files, part, conn); err != nil {
			return form, err
		}
	}
	_ = conn.SetWriteDeadline(time.Now().Add(answerTime)) // a recorder in a test has none
	return form, problem.Invalid(web.NotPlain(form))
}

func take(c echo.Context, form url.Values, files *app.Intake, part *multipart.Part, conn *http.ResponseController) error {
	if name := part.FileName(); name != "" {
		err := files.Add(c.Request().Context(), name, &paced{r: part, conn: conn})
		if err == nil || errors.Is(err, app.ErrIntake) {
			return err
		}
		return broken(err)
	}
	text, err := io.ReadAll(io.LimitReader(part, maxValue+1))
	if err != nil {
		return broken(err)
	}
	if len(text) > maxValue {
		return errFormMalformed
	}
	if part.Header.Get("Content-Type") == "" { // a field of files that is empty has one
		form.Add(part.FormName(), string(text))
	}
	return nil
}

// broken is what went wrong while a body came.
func broken(err error) error {
	var refused *echo.HTTPError
	if errors.As(err, &refused) && refused.Code == http.StatusRequestEntityTooLarge {
		return app.ErrIntake.Because(err)
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return errFormMalformed.Because(err)
}

// paced gives each part of a body its own time.
type paced struct {
	r    io.Reader
	conn *http.ResponseController
	left int
}

func (p *paced) Read(b []byte) (int, error) {
	if p.left <= 0 {
		p.left = partOfFiles
		_ = p.conn.SetReadDeadline(time.Now().Add(partTime)) // a recorder in a test has none
	}
	n, err := p.r.Read(b)
	p.left -= n
	return n, err
}

// picture answers with a JPEG.
func picture(c echo.Context, body io.ReadCloser) error {
	defer body.Close()
	return c.Stream(http.StatusOK, "image/jpeg", body)
}
