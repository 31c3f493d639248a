// Package portrait says how a page shows a candidate's photo.
package portrait

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/laurel-awards/laurel/services/nomination"
)

// Portrait is a candidate's photo as an img element shows it: data of the
// templates "photo" and "thumb" of package web.
type Portrait struct {
	PhotoSrc    string // in about the size of a card, for whoever cannot choose; empty: there is no photo
	Small       string // of half that width, for a phone that cannot choose
	Srcset      string // in all sizes, of which the browser takes the one that fits; empty: there is one
	PhotoWidth  int    // of the whole photo, in pixels
	PhotoHeight int
	Initial     string // of the name, stands in for a photo
}

// cardWidth is the size that is wide enough for a card on a sharp screen.
const cardWidth = 192

// Of gives the portrait of a selection's candidate.
func Of(slug string, c nomination.Candidate) Portrait {
	p := Portrait{Initial: initial(c.Name)}
	if c.Photo == "" {
		return p
	}
	p.PhotoSrc, p.PhotoWidth, p.PhotoHeight = path(slug, c.Number, c.Photo), 480, 640
	p.Small = p.PhotoSrc
	sizes := make([]string, len(c.Sizes))
	for i, size := range c.Sizes {
		file := path(slug, c.Number, size.File)
		sizes[i] = file + " " + strconv.Itoa(size.Width) + "w"
		if size.Width <= cardWidth {
			p.PhotoSrc = file
		}
		if size.Width <= cardWidth/2 {
			p.Small = file
		}
		p.PhotoWidth, p.PhotoHeight = size.Width, size.Height
	}
	p.Srcset = strings.Join(sizes, ", ")
	return p
}

// path is the address of a photo; the beginning of its hash lets browsers keep it
// for ever.
func path(slug string, number int, hash string) string {
	return "/s/" + slug + "/c/" + strconv.Itoa(number) + "/photo/" + hash[:min(len(hash), 16)]
}

func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if r == utf8.RuneError {
		return ""
	}
	return string(r)
}
