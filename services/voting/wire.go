package voting

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Ballots and outcomes cross the bus by the ten thousand a second, so they have
// a compact form: a byte for its version, then the items one behind another.
// Numbers are varints, strings have their length before them, times are Unix
// microseconds, and faults, which are rare, are JSON.
//
// A room reads all versions of the ballots, and JSON, so that it may be newer
// than the gateway. An older room refuses what it cannot read as malformed, and
// has counted nothing then.
const (
	castHex        = 1 // voter and key were strings of hex digits
	castKeyed      = 2 // there was neither a generation nor an earlier receipt
	castNameless   = 3 // ballots had no id, and keys did not say when they were made
	castVersion    = 4
	outcomeVersion = 1 // the version of outcomes
)

var errWire = errors.New("not a message of a known version")

// MarshalBinary implements encoding.BinaryMarshaler.
func (c CastBallots) MarshalBinary() ([]byte, error) {
	b := append(make([]byte, 0, 128*len(c.Ballots)+8), castVersion)
	b = binary.AppendUvarint(b, uint64(len(c.Ballots)))
	for i := range c.Ballots {
		one := &c.Ballots[i]
		b = appendString(b, one.Slug)
		b = append(append(b, one.Voter[:]...), one.ID[:]...)
		b = appendString(b, one.Way)
		b = appendString(binary.AppendUvarint(b, uint64(one.Generation)), one.Earlier)
		if one.Key.IsZero() {
			b = append(b, 0)
		} else {
			b = append(append(b, byte(len(one.Key))), one.Key[:]...)
			b = binary.AppendUvarint(b, uint64(max(0, one.Made.Unix()))) // 0: not known
		}
		b = binary.AppendUvarint(b, uint64(len(one.Picks)))
		for _, n := range one.Picks {
			b = binary.AppendVarint(b, int64(n))
		}
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (c *CastBallots) UnmarshalBinary(data []byte) error {
	if isJSON(data) {
		return json.Unmarshal(data, c)
	}
	r, version := newWire(data)
	r.check(version == castVersion || version == castNameless || version == castKeyed || version == castHex)
	n := r.count()
	c.Ballots = make([]Cast, n)
	picks := make([]int, 0, 4*n) // of all ballots
	for i := range c.Ballots {
		one, before := &c.Ballots[i], &c.Ballots[max(0, i-1)]
		one.Slug = r.same(before.Slug)
		r.voter(&one.Voter, version)
		if version == castVersion {
			copy(one.ID[:], r.take(len(one.ID)))
		}
		one.Way = r.same(before.Way)
		if version >= castNameless {
			generation := r.varuint()
			r.check(generation <= math.MaxUint32)
			one.Generation, one.Earlier = uint32(generation), r.string()
		}
		r.key(&one.Key, version)
		if version == castVersion && !one.Key.IsZero() {
			seconds := r.varuint()
			r.check(seconds <= math.MaxInt64)
			if seconds > 0 {
				one.Made = time.Unix(int64(seconds), 0).UTC()
			}
		}
		start := len(picks)
		for range r.count() {
			picks = append(picks, int(r.varint()))
		}
		one.Picks = picks[start:len(picks):len(picks)]
	}
	return r.end()
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (o Outcomes) MarshalBinary() ([]byte, error) {
	b := append(make([]byte, 0, 48*len(o.Outcomes)+8), outcomeVersion)
	b = binary.AppendUvarint(b, uint64(len(o.Outcomes)))
	for _, one := range o.Outcomes {
		var f []byte
		if one.Fault != nil {
			var err error
			if f, err = json.Marshal(one.Fault); err != nil {
				return nil, fmt.Errorf("fault: %w", err)
			}
		}
		again := uint64(0)
		if one.Again {
			again = 1
		}
		b = appendString(b, one.Receipt)
		b = binary.AppendVarint(b, one.At.UnixMicro())
		b = binary.AppendUvarint(b, again)
		b = appendString(b, string(f))
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (o *Outcomes) UnmarshalBinary(data []byte) error {
	if isJSON(data) {
		return json.Unmarshal(data, o)
	}
	r, version := newWire(data)
	r.check(version == outcomeVersion)
	o.Outcomes = make([]Outcome, r.count())
	for i := range o.Outcomes {
		one := &o.Outcomes[i]
		one.Receipt = r.string()
		one.At = time.UnixMicro(r.varint()).UTC()
		one.Again = r.varuint() != 0
		if f := r.string(); f != "" {
			one.At = time.Time{}
			if err := json.Unmarshal([]byte(f), &one.Fault); err != nil {
				return errors.Join(errWire, err)
			}
		}
	}
	return r.end()
}

func (r *wire) voter(v *VoterID, version byte) {
	if version == castHex {
		r.check(v.UnmarshalText(r.bytes()) == nil)
		return
	}
	copy(v[:], r.take(len(v)))
}

// key reads a hash, or nothing where there is no key.
func (r *wire) key(k *KeyHash, version byte) {
	b := r.bytes()
	switch {
	case len(b) == 0:
	case version == castHex:
		r.check(k.UnmarshalText(b) == nil)
	default:
		r.check(copy(k[:], b) == len(k) && len(b) == len(k))
	}
}

// isJSON tells a message of somebody who does not know the compact form.
func isJSON(data []byte) bool { return len(data) > 0 && data[0] == '{' }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// wire reads a message. After what cannot be read it gives zeros.
type wire struct {
	data   []byte
	failed bool
}

// newWire begins to read a message, and gives its version.
func newWire(data []byte) (r *wire, version byte) {
	r = &wire{data: data}
	if first := r.take(1); len(first) > 0 {
		version = first[0]
	}
	return r, version
}

// check fails the message unless something about it holds.
func (r *wire) check(holds bool) {
	if !holds {
		r.fail()
	}
}

func (r *wire) fail() { r.data, r.failed = nil, true }

func (r *wire) varuint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *wire) varint() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

// count is a number of things that take a byte each at least.
func (r *wire) count() int {
	n := r.varuint()
	if n > uint64(len(r.data)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *wire) string() string { return string(r.bytes()) }

// same is string; where it is the one before once more, it takes no more room.
func (r *wire) same(before string) string {
	if b := r.bytes(); string(b) != before {
		return string(b)
	}
	return before
}

// bytes are so many as the message says; they are its own.
func (r *wire) bytes() []byte { return r.take(r.count()) }

// take gives the next n bytes of the message; none where it has fewer.
func (r *wire) take(n int) []byte {
	if n > len(r.data) {
		r.fail()
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *wire) end() error {
	if r.failed || len(r.data) > 0 {
		return errWire
	}
	return nil
}
