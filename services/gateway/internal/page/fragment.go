package page

import (
	"fmt"
	"html/template"
	"reflect"
	"sync"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

// fragment is the part of a candidate's card that all visitors see alike.
// Rendering it anew for each would be most of a page's work.
type fragment struct {
	of   nomination.Candidate
	Near template.HTML // who it is, where the photo is loaded with the page
	Away template.HTML // where it waits until the card is near the screen
	On   template.HTML // the box to tick, ticked
	Off  template.HTML
}

type fragmentKey struct {
	slug, lang string
	number     int
}

// maxFragments bounds the memory; past it everything is forgotten.
const maxFragments = 50_000

// fragments keeps what was rendered until the candidate changes.
type fragments struct {
	mu   sync.RWMutex
	kept map[fragmentKey]fragment
}

func newFragments() *fragments { return &fragments{kept: map[fragmentKey]fragment{}} }

// fill gives the cards their fragments.
func (p *pages) fill(s *visit, cards []card) error {
	view := p.views[s.printer.Lang]
	for i := range cards {
		key := fragmentKey{s.Slug, s.printer.Lang, cards[i].Number}
		found, ok := p.fragments.get(key, cards[i].Candidate)
		if !ok {
			var err error
			if found, err = renderFragment(view, cards[i]); err != nil {
				return err
			}
			p.fragments.put(key, found)
		}
		cards[i].fragment = found
	}
	return nil
}

func renderFragment(view web.View, c card) (fragment, error) {
	out := fragment{of: c.Candidate}
	c.Wrong = web.Text{}
	for _, part := range []struct {
		name string
		on   bool
		to   *template.HTML
	}{{"body", false, &out.Near}, {"body", true, &out.Away}, {"pick", true, &out.On}, {"pick", false, &out.Off}} {
		c.Picked, c.Far = part.on, part.on
		var err error
		if *part.to, err = view.Part("selection", part.name, c); err != nil {
			return fragment{}, fmt.Errorf("card %d: %w", c.Number, err)
		}
	}
	return out, nil
}

func (f *fragments) get(key fragmentKey, c nomination.Candidate) (fragment, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	found, ok := f.kept[key]
	return found, ok && reflect.DeepEqual(found.of, c)
}

func (f *fragments) put(key fragmentKey, one fragment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.kept) >= maxFragments {
		clear(f.kept)
	}
	f.kept[key] = one
}
