package page

import (
	"fmt"
	"sync"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// rulebooks keeps parsed rulebooks by their hash: every page needs one, and it
// does not change once nominations are open.
type rulebooks struct {
	mu     sync.Mutex
	parsed map[string]*rulebook.Rulebook
}

const maxRulebooks = 256

func newRulebooks() *rulebooks { return &rulebooks{parsed: map[string]*rulebook.Rulebook{}} }

// of gives the rulebook of a selection.
func (r *rulebooks) of(s selection.Selection) (*rulebook.Rulebook, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rb, ok := r.parsed[s.RulebookHash]; ok {
		return rb, nil
	}
	rb, err := rulebook.Parse(s.Rulebook)
	if err != nil {
		return nil, fmt.Errorf("rulebook of %s: %w", s.Slug, err)
	}
	if len(r.parsed) >= maxRulebooks {
		clear(r.parsed)
	}
	r.parsed[s.RulebookHash] = rb
	return rb, nil
}
