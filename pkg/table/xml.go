package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// What a scanner finds.
type token int

const (
	startTag token = iota + 1
	endTag
	charData
)

const (
	maxToken = 1 << 20 // bytes of one text or tag: a cell has at most 32,767 characters
	maxDepth = 256
)

var (
	errXML      = errors.New("the XML is broken")
	errXMLDepth = errors.New("the XML is nested too deeply")
	errXMLToken = errors.New("the XML has a text that is too long")
)

// scanner reads the XML of a workbook: elements, attributes and text, without
// document types and without holding more than one of them. Names are compared
// without their prefix.
//
// A sheet may have millions of cells that are blank, which encoding/xml takes
// ten times as long to pass.
type scanner struct {
	r     *bufio.Reader
	tag   []byte // between < and >; valid until the next token
	text  []byte // valid until the next token
	raw   bool   // text is as it stands, without entities
	inTag bool
	empty bool // the tag ends its own element
	depth int  // of the element whose tag was read
	buf   []byte
	plain []byte
}

func newScanner(r io.Reader) *scanner {
	b := bufio.NewReaderSize(r, 1<<16)
	if mark, err := b.Peek(2); err == nil && (bytes.Equal(mark, []byte{0xFF, 0xFE}) || bytes.Equal(mark, []byte{0xFE, 0xFF})) {
		b = bufio.NewReaderSize(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(b), 1<<16)
	}
	return &scanner{r: b}
}

// next gives the next token; io.EOF ends a whole document.
func (s *scanner) next() (token, error) {
	if s.empty {
		s.empty = false
		s.depth--
		return endTag, nil
	}
	for {
		if !s.inTag {
			text, err := s.until('<')
			if errors.Is(err, io.EOF) {
				if s.depth > 0 {
					return 0, errXML
				}
				return 0, io.EOF
			}
			if err != nil {
				return 0, err
			}
			s.inTag = true
			if len(text) > 1 && s.depth > 0 {
				s.text, s.raw = text[:len(text)-1], false
				return charData, nil
			}
		}
		tag, err := s.wholeTag()
		if err != nil {
			return 0, err
		}
		s.inTag = false
		switch {
		case len(tag) == 0:
			return 0, errXML
		case tag[0] == '?':
			if err := encodingOf(tag); err != nil {
				return 0, err
			}
		case bytes.HasPrefix(tag, []byte("![CDATA[")):
			s.text, s.raw = tag[len("![CDATA["):len(tag)-2], true
			return charData, nil
		case bytes.HasPrefix(tag, []byte("!--")):
		case tag[0] == '!':
			return 0, errXML
		case tag[0] == '/':
			s.tag = tag[1:]
			if s.depth--; s.depth < 0 {
				return 0, errXML
			}
			return endTag, nil
		default:
			if s.depth++; s.depth > maxDepth {
				return 0, errXMLDepth
			}
			s.tag = tag
			if tag[len(tag)-1] == '/' {
				s.tag, s.empty = tag[:len(tag)-1], true
			}
			return startTag, nil
		}
	}
}

// wholeTag reads to the > that ends a tag, a comment or a CDATA section, and
// gives what stands before it.
func (s *scanner) wholeTag() ([]byte, error) {
	tag, err := s.until('>')
	if err != nil {
		return nil, ended(err)
	}
	end := ""
	switch {
	case bytes.HasPrefix(tag, []byte("!--")):
		end = "-->"
	case bytes.HasPrefix(tag, []byte("![CDATA[")):
		end = "]]>"
	}
	whole := func() bool {
		if end != "" {
			return bytes.HasSuffix(tag, []byte(end))
		}
		return balanced(tag)
	}
	if whole() {
		return tag[:len(tag)-1], nil
	}
	all := bytes.Clone(tag)
	for tag = all; !whole(); tag = all {
		more, err := s.until('>')
		if err != nil {
			return nil, ended(err)
		}
		if all = append(all, more...); len(all) > maxToken {
			return nil, errXMLToken
		}
	}
	return all[:len(all)-1], nil
}

// balanced tells whether a tag does not end within a quoted value.
func balanced(tag []byte) bool {
	var quote byte
	for _, c := range tag {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		}
	}
	return quote == 0
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errXML
	}
	return err
}

// until reads to a byte, which it gives with the rest.
func (s *scanner) until(end byte) ([]byte, error) {
	b, err := s.r.ReadSlice(end)
	if !errors.Is(err, bufio.ErrBufferFull) {
		return b, err
	}
	s.buf = append(s.buf[:0], b...)
	for errors.Is(err, bufio.ErrBufferFull) {
		if b, err = s.r.ReadSlice(end); len(s.buf)+len(b) > maxToken {
			return nil, errXMLToken
		}
		s.buf = append(s.buf, b...)
	}
	return s.buf, err
}

func encodingOf(prolog []byte) error {
	if s := (scanner{tag: prolog}); bytes.HasPrefix(prolog, []byte("?xml")) {
		switch e := strings.ToLower(s.attr("encoding")); e {
		case "", "utf-8", "utf8", "utf-16", "us-ascii", "ascii":
		default:
			return fmt.Errorf("its encoding %s is not read", e)
		}
	}
	return nil
}

// name is the element of the last tag.
func (s *scanner) name() []byte {
	name := s.tag
	if i := bytes.IndexAny(name, " \t\r\n"); i >= 0 {
		name = name[:i]
	}
	return name[bytes.IndexByte(name, ':')+1:]
}

// attr is an attribute of the last tag; "" where it is not there.
func (s *scanner) attr(name string) string {
	v := s.bare(name)
	if len(v) == 0 {
		return ""
	}
	return string(s.unescaped(v))
}

// bare is an attribute as it stands. A name with a colon, as r:id, is any
// prefix with that name.
func (s *scanner) bare(name string) []byte {
	rest := s.tag
	prefixed := strings.HasPrefix(name, "r:")
	name = strings.TrimPrefix(name, "r:")
	for {
		i := bytes.IndexByte(rest, '=')
		if i < 0 {
			return nil
		}
		key := bytes.TrimSpace(rest[:i])
		if j := bytes.LastIndexAny(key, " \t\r\n"); j >= 0 {
			key = key[j+1:]
		}
		rest = bytes.TrimLeft(rest[i+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		value := rest[1 : end+1]
		rest = rest[end+2:]
		colon := bytes.IndexByte(key, ':')
		if string(key[colon+1:]) == name && (colon >= 0) == prefixed {
			return value
		}
	}
}

func (s *scanner) flag(name string) bool {
	v := s.bare(name)
	return string(v) == "1" || string(v) == "true" || string(v) == "on"
}

// number is an attribute's whole number; -1 where there is none.
func (s *scanner) number(name string) int {
	n, err := strconv.Atoi(string(s.bare(name)))
	if err != nil {
		return -1
	}
	return n
}

// chars is the last text without entities; valid until the next token.
func (s *scanner) chars() []byte {
	if s.raw {
		return s.text
	}
	return s.unescaped(s.text)
}

func (s *scanner) unescaped(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 && bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	out := s.plain[:0]
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\r':
			if i+1 == len(b) || b[i+1] != '\n' {
				out = append(out, '\n')
			}
			continue
		case b[i] != '&':
			out = append(out, b[i])
			continue
		}
		end := bytes.IndexByte(b[i:], ';')
		if r, ok := entity(b[i+1 : i+max(end, 1)]); end > 0 && ok {
			out = utf8.AppendRune(out, r)
			i += end
		} else {
			out = append(out, '&')
		}
	}
	s.plain = out
	return out
}

func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := string(name[1:]), 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil
}

// skip passes the rest of the element whose start was read.
func (s *scanner) skip() error {
	for depth := s.depth; ; {
		t, err := s.next()
		if err != nil {
			return ended(err)
		}
		if t == endTag && s.depth < depth {
			return nil
		}
	}
}

// each calls f for every start of an element within the one whose start was
// read, or within the document. f may read on to that element's end.
func (s *scanner) each(f func(name string) error) error {
	depth := s.depth
	for {
		t, err := s.next()
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if err != nil {
			return ended(err)
		}
		switch {
		case t == endTag && s.depth < depth:
			return nil
		case t == startTag:
			if err := f(string(s.name())); err != nil {
				return err
			}
		}
	}
}

// within appends the text of the element whose start was read.
func (s *scanner) within(to []byte) ([]byte, error) {
	for depth := s.depth; ; {
		t, err := s.next()
		if err != nil {
			return to, ended(err)
		}
		switch {
		case t == charData:
			if to = append(to, s.chars()...); len(to) > maxToken {
				return to, errXMLToken
			}
		case t == endTag && s.depth < depth:
			return to, nil
		}
	}
}
