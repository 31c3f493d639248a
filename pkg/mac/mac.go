// Package mac authenticates messages by the hundred thousand a second: the cost
// of setting up a key is paid once, not for each of them.
package mac

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// Size of a MAC in bytes.
const Size = sha256.Size

// Key makes HMAC-SHA-256 (RFC 2104). It is safe for concurrent use.
type Key struct{ states *sync.Pool }

// state is a hash with the key in it, and a buffer for message and sum that is
// used again.
type state struct {
	hash.Hash
	buf []byte
}

// New keeps a key of any length.
func New(key []byte) Key {
	return Key{&sync.Pool{New: func() any { return &state{Hash: hmac.New(sha256.New, key)} }}}
}

// Sum is the MAC of a message.
func (k Key) Sum(message []byte) (sum [Size]byte) {
	s := k.states.Get().(*state)
	defer k.states.Put(s)
	s.Reset()
	s.buf = append(s.buf[:0], message...)
	s.Write(s.buf)
	copy(sum[:], s.Sum(s.buf[:0]))
	return sum
}
