package roster

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A code is 12 characters of Crockford's base32
// (https://www.crockford.com/base32.html) in groups of four: 55 random bits in
// eleven, and one that tells a wrong character, or two exchanged, wherever
// they are.
const (
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	length   = 12
	group    = 4
	maxTyped = 64 // characters as typed, for a limit before any work

	domainCode  = "laurel roster code v1"
	domainVoter = "laurel roster voter v1"
)

// errMistyped is a text that cannot be anybody's code.
var errMistyped = errors.New("not a code: a character is missing or wrong")

// code is one as kept in memory: its characters' values, the check last.
type code [length]byte

// newCode makes one that nobody can guess.
func newCode() (c code) {
	rand.Read(c[:length-1])
	for i := range length - 1 {
		c[i] &= 31
	}
	c[length-1] = 0
	c[length-1] = c.syndrome()
	return c
}

// syndrome is the code's polynomial at a, the root of x⁵+x²+1, which generates
// the field of 32 elements: 0 for a code that is whole. Each position
// weighs another power of a, so no single character and no exchange of two goes
// unseen.
func (c code) syndrome() byte {
	const polynomial = 1<<5 | 1<<2 | 1
	var s byte
	for _, v := range c {
		if s <<= 1; s&(1<<5) != 0 {
			s ^= polynomial
		}
		s ^= v
	}
	return s
}

// parse reads a code as people type it and programs hand it on: any case,
// full-width letters, hyphens, spaces and marks that nobody sees anywhere, O for 0,
// I and L for 1. errMistyped.
func parse(text string) (c code, err error) {
	if len(text) > maxTyped*utf8.UTFMax || utf8.RuneCountInString(text) > maxTyped {
		return c, errMistyped
	}
	n := 0
	for _, r := range strings.ToUpper(norm.NFKC.String(text)) {
		switch {
		case unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.Pd, unicode.Cf) || strings.ContainsRune("−ー_.", r):
			continue
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		}
		v := strings.IndexRune(alphabet, r)
		if v < 0 || n == length {
			return c, errMistyped
		}
		c[n] = byte(v)
		n++
	}
	if n != length || c.syndrome() != 0 {
		return c, errMistyped
	}
	return c, nil
}

// String is the code as it is printed: K7M3-9TQX-2HFP.
func (c code) String() string {
	var b strings.Builder
	for i, v := range c {
		if i > 0 && i%group == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[v])
	}
	return b.String()
}

// Key turns codes into what is stored of them, and members into voters. It
// must outlive the codes that were handed out.
type Key []byte

// hash is what the database knows of a code.
func (k Key) hash(slug string, c code) []byte { return k.mac(domainCode, slug, string(c[:])) }

// voter is the same for each code of a member. Without the key it does not tell
// whose it is.
func (k Key) voter(slug, member string) (id [16]byte) {
	copy(id[:], k.mac(domainVoter, slug, member))
	return id
}

func (k Key) mac(domain, slug, rest string) []byte {
	h := hmac.New(sha256.New, k)
	h.Write([]byte(domain + "\x00" + slug + "\x00" + rest))
	return h.Sum(nil)
}
