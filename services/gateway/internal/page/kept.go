package page

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// keptKey names what all visitors see alike, and all that it was made of: whatever
// changes makes another key, so nothing that is kept is ever out of date.
type keptKey struct {
	what          what
	look          uint64 // of the visit: selection and language
	list          uint64 // version of the list, or of the story
	mode          mode
	order         int // of the list; in a story, the candidate's number
	shows, hidden bool
	wait, won     string
	version       int64 // of counts
	ballots, sum  int64
	way, voter    string // what is asked, and what the one who is asked is already
}

// what is kept.
type what uint8

const (
	ofList what = iota
	ofStory
	ofCounts
	ofVotes
	ofWay
	ofBusy
)

// mode is whether a page is a form.
type mode uint8

const (
	readOnly mode = iota
	ballotForm
	addingForm // to earlier picks
)

// modeOf is the mode of a page with a form, which may be nil.
func modeOf(f *form, adds bool) mode {
	switch {
	case f == nil:
		return readOnly
	case adds:
		return addingForm
	}
	return ballotForm
}

// held is a page or a part of one that is kept.
type held struct {
	page *kept.Page
	part template.HTML
}

// defaultPages is how many bytes of pages are kept where nothing is said: of 60
// candidates some twenty lists in both languages, all orders of each.
const defaultPages = 64 << 20

func newShelf(budget int) *cache.Shelf[keptKey, held] {
	if budget <= 0 {
		budget = defaultPages
	}
	return cache.NewShelf[keptKey](budget, func(k held) int {
		size := 256 + len(k.part)
		if k.page != nil {
			size += k.page.Size()
		}
		return size
	})
}

var pagesMade = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_pages_made_total", Help: "Pages that were rendered to be kept for all visitors: list (an order of a list) and story (of a candidate).",
}, []string{"page"})

// marks stand for a visitor's own while a page is rendered for all. Nobody can
// write one: they are drawn anew in each process.
type marks struct{ own, turnout, key, counts, address string }

func newMarks() marks {
	mark := func() string { return "mark" + web.Random(16) }
	return marks{mark(), mark(), mark(), mark(), mark()}
}

func (m marks) all() []string { return []string{m.own, m.turnout, m.key, m.counts, m.address} }

// fillings are what goes into the holes of a kept page, in the order of marks.all.
type fillings struct {
	own     template.HTML
	turnout string
	key     string
	counts  kept.Filling
	address string
}

// keep gives the page under a key, rendered once for all.
func (p *pages) keep(key keptKey, name, lang string, page func() (web.Page, error)) (held, error) {
	return p.shelf.Get(key, func() (held, error) {
		pg, err := page()
		if err != nil {
			return held{}, err
		}
		text, err := p.views.Text(lang, pg)
		if err != nil {
			return held{}, err
		}
		pagesMade.WithLabelValues(name).Inc()
		k, err := kept.Keep(bytes.TrimSpace(text), p.marks.all()...)
		if err != nil {
			return held{}, fmt.Errorf("page %s: %w", name, err)
		}
		return held{page: k}, nil
	})
}

// send answers with a kept page. One with a key is never the same twice.
func (p *pages) send(c echo.Context, k held, f fillings) error {
	return k.page.Send(c, http.StatusOK, web.HTML, f.key != "",
		kept.Filling{Text: string(f.own)}, kept.Filling{Text: f.turnout}, kept.Filling{Text: template.HTMLEscapeString(f.key)}, f.counts,
		kept.Filling{Text: template.HTMLEscapeString(f.address)})
}

// part gives a part of a page under a key, rendered once for all.
func (p *pages) part(key keptKey, s *visit, page, name string, data func() any) (held, error) {
	return p.shelf.Get(key, func() (held, error) {
		text, err := p.views[s.printer.Lang].Part(page, name, data())
		if err != nil {
			return held{}, err
		}
		k, err := kept.Keep([]byte(text))
		return held{page: k, part: text}, err
	})
}
