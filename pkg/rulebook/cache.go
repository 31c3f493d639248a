package rulebook

import "sync"

// maxKept bounds a Cache's memory; past it everything is forgotten.
const maxKept = 256

// Cache keeps parsed rulebooks by their hash. Its rulebooks are shared: nobody
// changes them. The zero value is ready, and safe for concurrent use.
type Cache struct {
	mu   sync.Mutex
	kept map[string]*Rulebook
}

// Parse gives the rulebook with a hash, and reads and parses its text only where
// it is not kept. Faults: read's and Parse's.
func (c *Cache) Parse(hash string, read func() ([]byte, error)) (*Rulebook, error) {
	c.mu.Lock()
	rb, ok := c.kept[hash]
	c.mu.Unlock()
	if ok {
		return rb, nil
	}
	text, err := read()
	if err != nil {
		return nil, err
	}
	if rb, err = Parse(text); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxKept {
		c.kept = map[string]*Rulebook{}
	}
	c.kept[hash] = rb
	return rb, nil
}
