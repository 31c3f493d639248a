package page

import (
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/poster"
	"github.com/laurel-awards/laurel/services/nomination"
)

// posterFile is the last word of a picture's address.
const posterFile = "/poster.png"

// errNoPoster is where nothing is drawn.
var errNoPoster = fault.New(fault.NotFound, "poster_unknown", "there is no such picture")

// poster is the address of the picture that stands for a page elsewhere; empty:
// none is drawn. Browsers reach us at an address without a slash at its end.
func (p *pages) poster(address string, s *visit, path string) string {
	if p.posters == nil {
		return ""
	}
	return address + path + posterFile + "?lang=" + s.printer.Lang
}

// of is the selection as its pictures name it.
func (s *visit) of() string {
	return s.printer.T("candidate.award.of", "title", s.summary.Title, "edition", s.summary.Edition)
}

// hosts are who gives the awards, in one line.
func (s *visit) hosts() string { return s.printer.List(s.summary.Hosts) }

func (p *pages) ofSelection(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	return p.draw(c, poster.Sheet{Above: s.summary.Edition, Title: s.summary.Title, Lines: []string{s.hosts(), s.summary.Status}, Below: s.printer.T("brand")})
}

func (p *pages) ofResults(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	found, err := p.outcomes.Get(c.Request().Context(), s.Slug)
	if err != nil {
		return err
	}
	sheet := poster.Sheet{Above: s.of(), Title: s.printer.T("results.title"), Below: s.hosts()}
	for _, a := range found.Awards {
		var names []string
		for _, w := range a.Winners {
			names = append(names, w.Name)
		}
		sheet.Lines = append(sheet.Lines, s.printer.T("poster.award", "award", s.printer.Words(a.Title), "names", s.printer.List(names)))
	}
	return p.draw(c, sheet)
}

func (p *pages) ofCandidate(c echo.Context) error {
	s, err := p.visit(c)
	if err != nil {
		return err
	}
	found, err := p.candidateOf(c, s)
	if err != nil {
		return err
	}
	sheet := poster.Sheet{Above: s.of(), Title: found.Name, Lines: []string{found.Employer}, Below: s.hosts()}
	if won := p.wonBy(c, s, found.Number); won != nil {
		sheet.Lines = append(sheet.Lines, s.printer.T("candidate.award", "award", won.Award))
	}
	if found.Photo != "" && !found.Struck {
		sheet.Photo, sheet.Key = func() (image.Image, error) { return p.picture(c.Request().Context(), s.Slug, found) }, found.Photo
	}
	return p.draw(c, sheet)
}

// picture is a candidate's photo; nil: there is none that can be shown.
func (p *pages) picture(ctx context.Context, slug string, of nomination.Candidate) (image.Image, error) {
	body, _, err := p.app.Photo(ctx, slug, of.Number, of.Photo)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	img, err := jpeg.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("photo %s: %w", of.Photo, err)
	}
	return img, nil
}

func (p *pages) draw(c echo.Context, s poster.Sheet) error {
	if p.posters == nil {
		return errNoPoster
	}
	png, err := p.posters.Draw(c.Request().Context(), s)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=300")
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(png)))
	return c.Blob(http.StatusOK, "image/png", png)
}
