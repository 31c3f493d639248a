package ballotlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	// KeyName is the name of a log's keys in its signatures.
	KeyName = "laurel"
	// MaxKeys is the most keys that a log has at a time.
	MaxKeys = 8

	maxKeyText = 4096 // bytes of a list of keys
)

// ErrKey is a text that is no list of keys, or one that nobody vouches for.
var ErrKey = errors.New("not the keys of a ballot log")

// Signer signs heads with one key, or with several while one hands over to the
// next: each signs everything. Ed25519 always signs the same text in the same
// way, so a promise can be signed whenever it is asked for.
type Signer struct {
	signers []note.Signer
	signing PublicKey // of signers
	public  PublicKey // and of keys that signed once
}

// NewSigner signs with the key made from a seed of 32 bytes.
func NewSigner(seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return Signer{}, fmt.Errorf("ballotlog: the log's key has %d bytes; it needs %d", len(seed), ed25519.SeedSize)
	}
	private := ed25519.NewKeyFromSeed(seed)
	text, err := note.NewEd25519VerifierKey(KeyName, private.Public().(ed25519.PublicKey))
	if err != nil {
		return Signer{}, fmt.Errorf("ballotlog: %w", err)
	}
	public, err := ParsePublicKey(text)
	if err != nil {
		return Signer{}, err
	}
	const algorithm = "\x01" // Ed25519, as note writes it
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", KeyName, public.verifiers[0].KeyHash(),
		base64.StdEncoding.EncodeToString(append([]byte(algorithm), seed...))))
	if err != nil {
		return Signer{}, fmt.Errorf("ballotlog: %w", err)
	}
	return Signer{[]note.Signer{signer}, public, public}, nil
}

// ReadSigner reads a key file. Each line is a key: a seed of 64 hex digits
// signs; a public key, laurel+HASH+KEY, belongs to a key that signed once, whose
// signatures still hold here. The first line signs first. Errors tell the line,
// never what it holds.
func ReadSigner(text string) (Signer, error) {
	var s Signer
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := s.add(line); err != nil {
			return Signer{}, fmt.Errorf("ballotlog: key file, line %d: %w", n, err)
		}
	}
	if len(s.signers) == 0 {
		return Signer{}, errors.New("ballotlog: the key file has no key that signs: 32 bytes in hex")
	}
	return s, nil
}

func (s *Signer) add(line string) error {
	if public, err := ParsePublicKey(line); err == nil {
		return s.public.add(public)
	}
	seed, err := hex.DecodeString(line)
	if err != nil || len(seed) != ed25519.SeedSize {
		return errors.New("it holds neither 32 bytes in hex nor a public key")
	}
	one, err := NewSigner(seed)
	if err != nil {
		return err
	}
	if err := s.public.add(one.public); err != nil {
		return err
	}
	s.signers = append(s.signers, one.signers...)
	return s.signing.add(one.public)
}

// Public is all keys that verify, those that signed once too.
func (s Signer) Public() PublicKey { return s.public }

// Keys is the signed list of the keys that sign now, one a line, as
// https://c2sp.org/signed-note. Each of them signs the list, and so vouches for
// the others.
func (s Signer) Keys() (string, error) {
	text, err := s.sign(s.signing.String() + "\n")
	if err != nil {
		return "", fmt.Errorf("ballotlog: sign the keys: %w", err)
	}
	return text, nil
}

func (s Signer) sign(text string) (string, error) {
	if len(s.signers) == 0 {
		return "", errors.New("there is no key")
	}
	signed, err := note.Sign(&note.Note{Text: text}, s.signers...)
	return string(signed), err
}

// PublicKey verifies what a log's keys signed: it is one key, or several, and the
// signature of any of them will do. The zero value verifies nothing.
type PublicKey struct {
	verifiers []note.Verifier
	texts     []string
}

// ParsePublicKey reads keys, laurel+HASH+KEY, one a line. It reads a signed list
// of them too, which each of its keys must have signed. ErrKey.
func ParsePublicKey(text string) (PublicKey, error) {
	if len(text) > maxKeyText {
		return PublicKey{}, fmt.Errorf("%w: longer than %d bytes", ErrKey, maxKeyText)
	}
	text = strings.TrimSpace(text)
	lines, _, signed := strings.Cut(text, "\n\n")
	var k PublicKey
	for line := range strings.SplitSeq(lines, "\n") {
		v, err := note.NewVerifier(line)
		if err == nil && v.Name() != KeyName {
			err = fmt.Errorf("a key of %q, not of %s", v.Name(), KeyName)
		}
		if err == nil {
			err = k.add(PublicKey{[]note.Verifier{v}, []string{line}})
		}
		if err != nil {
			return PublicKey{}, fmt.Errorf("%w: %w", ErrKey, err)
		}
	}
	if !signed {
		return k, nil
	}
	n, err := note.Open([]byte(text+"\n"), k.known())
	if err == nil && len(n.Sigs) != len(k.texts) {
		err = fmt.Errorf("%d of its %d keys signed the list", len(n.Sigs), len(k.texts))
	}
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}

// Follow gives k's keys and those of a list that one of k's keys signed. In this
// way a key hands over to the next. Two signatures under one checkpoint would not
// do: anybody can put a second one there. ErrKey.
func (k PublicKey) Follow(list string) (PublicKey, error) {
	next, err := ParsePublicKey(list)
	if err != nil {
		return PublicKey{}, err
	}
	if _, err := note.Open([]byte(strings.TrimSpace(list)+"\n"), k.known()); err != nil {
		return PublicKey{}, fmt.Errorf("%w: no key that is known signed the list: %w", ErrKey, err)
	}
	both := PublicKey{slices.Clone(k.verifiers), slices.Clone(k.texts)}
	for i, text := range next.texts {
		if slices.Contains(k.texts, text) {
			continue
		}
		if err := both.add(PublicKey{next.verifiers[i : i+1], next.texts[i : i+1]}); err != nil {
			return PublicKey{}, err
		}
	}
	return both, nil
}

// add adds the one key of other.
func (k *PublicKey) add(other PublicKey) error {
	switch {
	case len(k.texts) == MaxKeys:
		return fmt.Errorf("there are more than %d keys", MaxKeys)
	case slices.Contains(k.texts, other.texts[0]):
		return errors.New("a key is there twice")
	}
	k.verifiers, k.texts = append(k.verifiers, other.verifiers...), append(k.texts, other.texts...)
	return nil
}

func (k PublicKey) known() note.Verifiers { return note.VerifierList(k.verifiers...) }

// Signed tells which of k's keys signed a text, as Texts has them, and how
// many signatures under it are of other keys, which nobody looked at. ErrKey,
// where none did.
func (k PublicKey) Signed(text string) (by []string, others int, err error) {
	n, err := note.Open([]byte(text), k.known())
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrKey, err)
	}
	for i, v := range k.verifiers {
		if slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Hash == v.KeyHash() }) {
			by = append(by, k.texts[i])
		}
	}
	return by, len(n.UnverifiedSigs), nil
}

// Texts are the keys, as ParsePublicKey reads them.
func (k PublicKey) Texts() []string { return slices.Clone(k.texts) }

// String is the keys' text, one a line, without a line feed at the end.
func (k PublicKey) String() string { return strings.Join(k.texts, "\n") }
