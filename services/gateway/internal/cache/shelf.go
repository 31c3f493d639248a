package cache

import (
	"container/list"
	"errors"
	"sync"
)

// Shelf keeps what is made once for many, within a budget of bytes: what was not
// asked for the longest goes first. A key is of one thing for ever; what changes
// has its version in the key, and the old one is left to go.
type Shelf[K comparable, V any] struct {
	budget int
	size   func(V) int

	mu     sync.Mutex
	kept   map[K]*list.Element
	order  *list.List // of *shelved[K, V], the last asked for first
	used   int
	flying map[K]*making[V]
}

type shelved[K comparable, V any] struct {
	key   K
	value V
	size  int
}

// making is a value that is being made.
type making[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// errNotMade is told to those who waited for what panicked.
var errNotMade = errors.New("what was waited for was not made")

// NewShelf keeps values of so many bytes, as size tells them.
func NewShelf[K comparable, V any](budget int, size func(V) int) *Shelf[K, V] {
	return &Shelf[K, V]{budget: budget, size: size, kept: map[K]*list.Element{}, order: list.New(), flying: map[K]*making[V]{}}
}

// Get gives what is kept under a key, or has it made: once, however many ask for it
// meanwhile. Errors are not kept.
func (s *Shelf[K, V]) Get(key K, produce func() (V, error)) (V, error) {
	s.mu.Lock()
	if at, ok := s.kept[key]; ok {
		s.order.MoveToFront(at)
		value := at.Value.(*shelved[K, V]).value
		s.mu.Unlock()
		return value, nil
	}
	if m, ok := s.flying[key]; ok {
		s.mu.Unlock()
		<-m.done
		return m.value, m.err
	}
	m := &making[V]{done: make(chan struct{}), err: errNotMade}
	s.flying[key] = m
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.flying, key)
		if m.err == nil {
			s.keep(key, m.value)
		}
		s.mu.Unlock()
		close(m.done)
	}()
	m.value, m.err = produce()
	return m.value, m.err
}

// keep adds a value, and lets others go for it. What is larger than the budget is
// not kept.
func (s *Shelf[K, V]) keep(key K, value V) {
	size := s.size(value)
	if size > s.budget {
		return
	}
	s.kept[key] = s.order.PushFront(&shelved[K, V]{key, value, size})
	for s.used += size; s.used > s.budget; {
		last := s.order.Remove(s.order.Back()).(*shelved[K, V])
		delete(s.kept, last.key)
		s.used -= last.size
	}
}

// Used is how many bytes are kept.
func (s *Shelf[K, V]) Used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}
