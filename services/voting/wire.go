package voting

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Ballots and outcomes cross the bus by the ten thousand a second, so they have
// a compact form: a byte for its version, then the items one behind another.
// Numbers are varints, strings have their length before them, times are Unix
// microseconds, and faults, which are rare, are JSON. Messages that are JSON are
// read, too.
const wireVersion = 1

var errWire = errors.New("not a message of this version")

// MarshalBinary implements encoding.BinaryMarshaler.
func (c CastBallots) MarshalBinary() ([]byte, error) {
	b := append(make([]byte, 0, 160*len(c.Ballots)+8), wireVersion)
	b = binary.AppendUvarint(b, uint64(len(c.Ballots)))
	for _, one := range c.Ballots {
		for _, s := range []string{one.Slug, one.Voter, one.Way, one.Key} {
			b = appendString(b, s)
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
	r, n := newWire(data)
	c.Ballots = make([]Cast, n)
	for i := range c.Ballots {
		one := &c.Ballots[i]
		before := &c.Ballots[max(0, i-1)]
		one.Slug, one.Voter, one.Way, one.Key = r.same(before.Slug), r.string(), r.same(before.Way), r.string()
		one.Picks = make([]int, r.count())
		for j := range one.Picks {
			one.Picks[j] = int(r.varint())
		}
	}
	return r.end()
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (o Outcomes) MarshalBinary() ([]byte, error) {
	b := append(make([]byte, 0, 48*len(o.Outcomes)+8), wireVersion)
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
	r, n := newWire(data)
	o.Outcomes = make([]Outcome, n)
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

// newWire reads the head of a message: how many items it has.
func newWire(data []byte) (*wire, int) {
	r := &wire{data: data}
	if len(data) == 0 || data[0] != wireVersion {
		r.fail()
		return r, 0
	}
	r.data = data[1:]
	return r, r.count()
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

// bytes are the message's own.
func (r *wire) bytes() []byte {
	n := r.count()
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
