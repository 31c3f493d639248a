package page

import (
	"reflect"
	"sync"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/selection"
)

// visits keeps what was read of selections until they change.
type visits struct {
	mu    sync.Mutex
	kept  map[visitKey]seen
	looks uint64
}

type visitKey struct{ slug, lang string }

type seen struct {
	version uint64
	visit   *visit
}

const (
	// visitLife is how long a visit is kept at most: the offset of its timezone changes.
	visitLife = 10 * time.Second
	// maxVisits bounds the memory; past it everything is forgotten.
	maxVisits = 2000
)

// get gives the visit of a version of a selection.
func (v *visits) get(p *pages, t web.Printer, found selection.Selection, version uint64) (*visit, error) {
	key := visitKey{found.Slug, t.Lang}
	v.mu.Lock()
	defer v.mu.Unlock()
	before, known := v.kept[key]
	if age := p.Now().Sub(before.made()); known && before.version == version && age >= 0 && age < visitLife {
		return before.visit, nil
	}
	s, err := p.newVisit(t, found)
	if err != nil {
		return nil, err
	}
	if known && before.visit.alike(s) {
		s.look = before.visit.look
	} else {
		v.looks++
		s.look = v.looks
	}
	if v.kept == nil || len(v.kept) >= maxVisits {
		v.kept = map[visitKey]seen{}
	}
	v.kept[key] = seen{version, s}
	return s, nil
}

func (s seen) made() time.Time {
	if s.visit == nil {
		return time.Time{}
	}
	return s.visit.made
}

// alike tells whether two visits differ in the turnout alone.
func (s *visit) alike(other *visit) bool {
	a, b := s.Selection, other.Selection
	a.Ballots, b.Ballots = 0, 0
	return s.book.Zone == other.book.Zone && reflect.DeepEqual(a, b)
}
