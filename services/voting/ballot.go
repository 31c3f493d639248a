package voting

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// MaxKey is the longest Idempotency-Key that a client may send, in characters.
const MaxKey = 128

// VoterID names a voter: it is the id in each of the voter's credentials. Its
// text, which is its JSON too, is 32 hex digits.
type VoterID [16]byte

// BallotID names a ballot on its way, at random: the same ballot sent again, to
// whichever replica, is not another. The zero id is none. Its text, which is its JSON
// too, is 32 hex digits.
type BallotID [16]byte

// IsZero tells whether there is no id.
func (b BallotID) IsZero() bool { return b == BallotID{} }

// MarshalText implements encoding.TextMarshaler.
func (b BallotID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *BallotID) UnmarshalText(text []byte) error { return decodeHex(b[:], text) }

// KeyHash is the SHA-256 of an Idempotency-Key: the key itself stays with whoever
// got it from the client. The zero hash says that there is no key. Its text,
// which is its JSON too, is 64 hex digits.
type KeyHash [sha256.Size]byte

// HashKey hashes an Idempotency-Key, once for its whole way: as it is here, it
// stands in the ballot's row. An empty key is no key.
func HashKey(key string) KeyHash {
	if key == "" {
		return KeyHash{}
	}
	return sha256.Sum256([]byte(key))
}

// IsZero tells whether there is no key.
func (k KeyHash) IsZero() bool { return k == KeyHash{} }

// String is the id in hex.
func (v VoterID) String() string { return hex.EncodeToString(v[:]) }

// MarshalText implements encoding.TextMarshaler.
func (v VoterID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, v[:]), nil }

// MarshalText implements encoding.TextMarshaler.
func (k KeyHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *VoterID) UnmarshalText(text []byte) error { return decodeHex(v[:], text) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *KeyHash) UnmarshalText(text []byte) error { return decodeHex(k[:], text) }

var errHex = errors.New("not hex digits of the right number")

// decodeHex fills dst from exactly as many digits as that takes.
func decodeHex(dst, text []byte) error {
	if len(text) != hex.EncodedLen(len(dst)) {
		return errHex
	}
	_, err := hex.Decode(dst, text)
	return err
}

// NewKey gives the Idempotency-Key of a form: when it was made, and digits that
// nobody guesses.
func NewKey(now time.Time, digits string) string {
	return strconv.FormatInt(now.Unix(), 36) + "-" + digits
}

// keyDigits is how many hexadecimal digits NewKey's have.
const keyDigits = 32

// KeyMade is when a key of NewKey was made; zero: another does not say, or by a clock
// that nobody knows.
func KeyMade(key string) time.Time {
	seconds, digits, _ := strings.Cut(key, "-")
	unix, err := strconv.ParseInt(seconds, 36, 64)
	if err != nil || unix <= 0 || len(digits) != keyDigits {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// Cast is one ballot on its way. The gateway has verified the credential.
type Cast struct {
	Slug  string  `json:"slug"`
	Voter VoterID `json:"voter"`        // from the credential
	Way   string  `json:"way"`          // from the credential: device, roster
	Picks []int   `json:"picks"`        // candidate numbers; their order means nothing
	Key   KeyHash `json:"key,omitzero"` // of the Idempotency-Key

	// Made is when the key was made, by the clock of a gateway; zero: that is not
	// known. A key is not looked for among ballots from before it was made.
	Made time.Time `json:"made,omitzero"`

	// Earlier is the receipt of an earlier ballot of the period, where picks may
	// be added: by it the voter of a roster is told from who gave out the code.
	Earlier    string `json:"earlier,omitempty"`
	Generation uint32 `json:"generation,omitempty"` // from the credential: how often the voter's code had been replaced

	ID BallotID `json:"id,omitzero"` // by it the ballot is known again where it is sent again
}

// Outcome is what became of a Cast: a receipt or a fault.
type Outcome struct {
	Receipt string       `json:"receipt,omitempty"` // pkg/receipt reads it
	At      time.Time    `json:"at"`                // when it was counted, by the database's clock
	Again   bool         `json:"again,omitempty"`   // the ballot was there: same key, same picks
	Fault   *fault.Error `json:"fault,omitempty"`
}

// CastBallots is all ballots that waited at the gateway; the outcomes come in
// the same order.
type CastBallots struct {
	Ballots []Cast `json:"ballots"`
}

// Outcomes answers CastBallots.
type Outcomes struct {
	Outcomes []Outcome `json:"outcomes"`
}
