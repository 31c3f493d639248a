package rulebook

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Canonical is the document in its canonical form, which any JSON tool can
// reproduce: the document as JSON, numbers as strings of what was written,
// keys sorted, keys without a value left out, no space, no newline at the end.
// It is a fixed point of `jq -cSj .` and of RFC 8785 (the keys are ASCII, and
// texts have no characters that JSON writers escape differently), so
//
//	sha256sum canonical.json
//
// gives Hash. Parse reads it back to the same form.
//
// It is made once, when the document is parsed; nobody changes the bytes. Only a
// Rulebook that was not parsed gives an error.
func (rb *Rulebook) Canonical() ([]byte, error) {
	if rb.canonical == nil {
		return nil, errors.New("rulebook: there is no document behind it; it was not parsed")
	}
	return rb.canonical, nil
}

// Hash is the lower-case hex SHA-256 of the canonical form; empty for a
// Rulebook that was not parsed.
func (rb *Rulebook) Hash() string { return rb.hash }

// fix makes the canonical form of the document, and its hash.
func (rb *Rulebook) fix() error {
	var b bytes.Buffer
	if err := rb.doc.write(&b); err != nil {
		return fmt.Errorf("rulebook: canonical form: %w", err)
	}
	sum := sha256.Sum256(b.Bytes())
	rb.canonical, rb.hash = b.Bytes(), hex.EncodeToString(sum[:])
	return nil
}

// MarshalJSON gives the canonical form.
func (rb *Rulebook) MarshalJSON() ([]byte, error) { return rb.Canonical() }

// UnmarshalJSON parses a document in JSON.
func (rb *Rulebook) UnmarshalJSON(src []byte) error {
	parsed, err := Parse(src)
	if err != nil {
		return err
	}
	*rb = *parsed
	return nil
}

func (v value) write(b *bytes.Buffer) error {
	switch v.kind {
	case scalar:
		return writeString(b, v.text)
	case boolean:
		b.WriteString(v.text)
	case list:
		return v.writeItems(b, '[', ']')
	case mapping:
		return v.sorted().writeItems(b, '{', '}')
	case absent:
		return errors.New("a list has an empty item")
	}
	return nil
}

// sorted is the mapping without absent values, by key.
func (v value) sorted() value {
	order := make([]int, 0, len(v.keys))
	for i := range v.keys {
		if v.items[i].kind != absent {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(v.keys[i].text, v.keys[j].text) })
	s := value{kind: mapping}
	for _, i := range order {
		s.keys, s.items = append(s.keys, v.keys[i]), append(s.items, v.items[i])
	}
	return s
}

func (v value) writeItems(b *bytes.Buffer, open, end byte) error {
	b.WriteByte(open)
	for i, item := range v.items {
		if i > 0 {
			b.WriteByte(',')
		}
		if v.kind == mapping {
			if err := writeString(b, v.keys[i].text); err != nil {
				return err
			}
			b.WriteByte(':')
		}
		if err := item.write(b); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}

func writeString(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // Encode ends with a newline
	return nil
}
