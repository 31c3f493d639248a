package ballotlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// KeyName is the name of a log's key in its signatures.
const KeyName = "laurel"

// maxHead is the longest signed head in bytes.
const maxHead = 4096

// ErrHead is a text that is not a head signed by the key.
var ErrHead = errors.New("not a signed head of the log")

// Head says how many leaves a tree has and which they are. Its text is a
// checkpoint as in https://c2sp.org/tlog-checkpoint: origin, size, root, and a
// line with the time where there is one.
//
// Two trees have heads. A checkpoint is the head of the whole log. A promise is
// the head of the small tree of the ballots that were committed together: it
// says that these ballots are in the count and will be in the log.
type Head struct {
	Origin string // CheckpointOrigin or PromiseOrigin
	tlog.Tree
	At time.Time // of a promise: when its ballots were counted
}

// CheckpointOrigin names the log of a selection.
func CheckpointOrigin(slug string) string { return "laurel/" + slug + "/ballots" }

// PromiseOrigin names the tree of the ballots that were committed together.
func PromiseOrigin(slug string, batch int64) string {
	return fmt.Sprintf("laurel/%s/promise/%d", slug, batch)
}

// Signer signs heads. Ed25519 signs the same text always the same way, so a
// promise can be signed whenever it is asked for.
type Signer struct {
	signer note.Signer
	public PublicKey
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
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", KeyName, public.verifier.KeyHash(),
		base64.StdEncoding.EncodeToString(append([]byte(algorithm), seed...))))
	if err != nil {
		return Signer{}, fmt.Errorf("ballotlog: %w", err)
	}
	return Signer{signer, public}, nil
}

// Public is the key that verifies.
func (s Signer) Public() PublicKey { return s.public }

// Sign gives the signed text of a head.
func (s Signer) Sign(h Head) (string, error) {
	text, err := note.Sign(&note.Note{Text: h.text()}, s.signer)
	if err != nil {
		return "", fmt.Errorf("ballotlog: sign %s: %w", h.Origin, err)
	}
	return string(text), nil
}

func (h Head) text() string {
	text := fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.N, h.Hash)
	if !h.At.IsZero() {
		text += h.At.UTC().Format(time.RFC3339Nano) + "\n"
	}
	return text
}

// PublicKey verifies heads.
type PublicKey struct {
	verifier note.Verifier
	text     string
}

// ParsePublicKey reads the text of a key: laurel+HASH+KEY.
func ParsePublicKey(text string) (PublicKey, error) {
	text = strings.TrimSpace(text)
	v, err := note.NewVerifier(text)
	if err != nil {
		return PublicKey{}, fmt.Errorf("ballotlog: public key: %w", err)
	}
	if v.Name() != KeyName {
		return PublicKey{}, fmt.Errorf("ballotlog: public key of %q, not of %s", v.Name(), KeyName)
	}
	return PublicKey{v, text}, nil
}

// String is the text that ParsePublicKey reads.
func (k PublicKey) String() string { return k.text }

// Open verifies a signed head and reads it. ErrHead.
func (k PublicKey) Open(text string) (Head, error) {
	if len(text) > maxHead {
		return Head{}, ErrHead
	}
	n, err := note.Open([]byte(text), note.VerifierList(k.verifier))
	if err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrHead, err)
	}
	h, err := parseHead(n.Text)
	if err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrHead, err)
	}
	return h, nil
}

// parseHead reads the text under a signature.
func parseHead(text string) (h Head, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || len(lines) > 5 || lines[len(lines)-1] != "" {
		return h, errors.New("it has three lines, or four")
	}
	h.Origin = lines[0]
	if h.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || h.N < 0 {
		return h, fmt.Errorf("size %.20q", lines[1])
	}
	if h.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		return h, err
	}
	if len(lines) == 5 {
		if h.At, err = time.Parse(time.RFC3339Nano, lines[3]); err != nil {
			return h, err
		}
	}
	if h.text() != text {
		return h, errors.New("it is not written the one way it can be")
	}
	return h, nil
}
