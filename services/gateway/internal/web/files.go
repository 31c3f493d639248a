package web

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
)

// AnswerTime is for how long what has come may be worked on.
const AnswerTime = 2 * time.Minute

// Files may take as long as they are large, but whoever takes longer for a part
// is let go, as with those that are sent to them.
const (
	partOfFiles = 1 << 20 // bytes
	partTime    = time.Minute
	maxValue    = 64 << 10 // bytes of a form's text beside files
)

var errMalformed = fault.New(fault.Malformed, "form_malformed", "the form cannot be read")

// Files takes a form's files, and gives its texts, which may have several lines where
// they are named.
func Files(c echo.Context, files *app.Intake, lines ...string) (url.Values, error) {
	form := url.Values{}
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return form, errMalformed.Because(err)
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
	_ = conn.SetWriteDeadline(time.Now().Add(AnswerTime)) // a recorder in a test has none
	return form, problem.Invalid(NotPlain(form, lines...))
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
		return errMalformed
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
	return errMalformed.Because(err)
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
