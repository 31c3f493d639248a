package page

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/gateway/internal/portrait"
	"github.com/laurel-awards/laurel/services/nomination"
)

// photo serves a candidate's photo: what the list shows and nothing else of the
// blob store.
func (p *pages) photo(c echo.Context) error {
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil {
		return nomination.ErrNoCandidate
	}
	body, size, err := p.app.Photo(c.Request().Context(), c.Param("slug"), number, c.Param("hash"))
	if err != nil {
		return err
	}
	defer body.Close()
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set(echo.HeaderContentLength, strconv.FormatInt(size, 10))
	h.Set(echo.HeaderContentType, "image/jpeg")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(c.Response(), body)
	return err
}

// faces is the style sheet that shows the photos of a list where there is no
// script. Browsers load every img then, near the screen or not, but a background
// only once its element is rendered, which cards far from the screen are not.
func (p *pages) faces(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	list, err := p.app.Candidates(c.Request().Context(), s.Slug)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(".far img { background: none; }\n.votes { display: none; }\n")
	write := func(src func(portrait.Portrait) string) {
		for _, one := range list {
			if at := src(portrait.Of(s.Slug, one)); at != "" {
				fmt.Fprintf(&b, "#c%d .far { background-image: url(%q); }\n", one.Number, at)
			}
		}
	}
	write(func(p portrait.Portrait) string { return p.Small })
	b.WriteString("@media (min-width: 44rem) {\n")
	write(func(p portrait.Portrait) string { return p.PhotoSrc })
	b.WriteString("}\n")
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=60")
	return kept.Send(c, http.StatusOK, "text/css; charset=utf-8", []byte(b.String()))
}
