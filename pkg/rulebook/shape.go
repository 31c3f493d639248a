package rulebook

import (
	"slices"
	"time"
)

// Kind is what is written under a key.
type Kind string

// The kinds of a key.
const (
	KindMapping   Kind = "mapping"   // keys of its own
	KindList      Kind = "list"      // items, each a mapping
	KindWords     Kind = "words"     // a list of words; review.panels.blind may be true or false, too
	KindText      Kind = "text"      // one text
	KindLocalized Kind = "localized" // one text, or a mapping of languages
	KindChoice    Kind = "choice"    // one of Words
	KindTruth     Kind = "truth"     // true or false
	KindWhole     Kind = "whole"     // a whole number
	KindNumber    Kind = "number"    // a Number
	KindTime      Kind = "time"      // a date and an hour
)

// Key is a key of the format.
type Key struct {
	Path     string // review.panels.assign: a list adds nothing to a path
	Kind     Kind
	Words    []string // of a choice, or of each word in a list
	Required bool     // wherever the mapping that it is in is written
}

// Shape is all keys that a rulebook may have, in the order of its format. It
// comes from the reader itself: it reads a document without any value, in which
// each list has one item.
func Shape() []Key {
	s := &shape{at: map[string]int{}}
	r := &reader{location: time.UTC, shape: s}
	r.rulebook(field{r: r})
	return s.keys
}

// Keys are the paths of Shape.
func Keys() []string {
	shape := Shape()
	keys := make([]string, len(shape))
	for i, k := range shape {
		keys[i] = k.Path
	}
	return keys
}

// shape collects the keys that a reader asks for.
type shape struct {
	keys []Key
	at   map[string]int // by path
}

// key gives the key at a path; nil for the root.
func (s *shape) key(path string) *Key {
	i, ok := s.at[path]
	if !ok {
		return nil
	}
	return &s.keys[i]
}

// mapping adds the keys of a mapping; the items of a list are mappings.
func (s *shape) mapping(path string, keys []string) {
	if k := s.key(path); k != nil && k.Kind != KindList {
		k.Kind = KindMapping
	}
	for _, key := range keys {
		s.at[join(path, key)] = len(s.keys)
		s.keys = append(s.keys, Key{Path: join(path, key)})
	}
}

func (s *shape) list(path string) { s.key(path).Kind = KindList }

func (s *shape) require(path string) { s.key(path).Required = true }

// note says what is read at a path: of a list, what each of its items is.
func (s *shape) note(path string, kind Kind, words []string) {
	k := s.key(path)
	if k.Kind == KindList || k.Kind == KindWords {
		kind = KindWords
	}
	k.Kind = kind
	if words != nil {
		k.Words = slices.Clone(words)
	}
}

// note says what a field is read as.
func (f field) note(kind Kind, words ...string) {
	if f.r.shape != nil {
		f.r.shape.note(f.path, kind, words)
	}
}
