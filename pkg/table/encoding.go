package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// charset is how a text is encoded.
type charset struct {
	name    string            // for a person
	coding  encoding.Encoding // nil is UTF-8
	mark    int64             // bytes of a byte-order mark, which are passed
	assumed bool              // neither the text nor a mark says so
}

// open gives the text in UTF-8 without its mark.
func (c charset) open(r io.ReadSeeker) (io.Reader, error) {
	if _, err := r.Seek(c.mark, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind CSV: %w", err)
	}
	if c.coding == nil {
		return r, nil
	}
	return transform.NewReader(r, c.coding.NewDecoder()), nil
}

// findCharset tells how a text is encoded: UTF-8; UTF-16 by its mark or by its
// NULs; else GB18030, of which GBK is a part, if every byte belongs to it and it
// does not look like another.
func findCharset(r io.ReadSeeker) (charset, error) {
	head := make([]byte, 1<<16)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return charset{}, fmt.Errorf("read CSV: %w", err)
	}
	head = head[:n]
	little := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return decodable(r, charset{name: "UTF-32", coding: utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)})
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return decodable(r, charset{name: "UTF-16", coding: little, mark: 2})
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return decodable(r, charset{name: "UTF-16", coding: big, mark: 2})
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return wholly8(r, charset{name: "UTF-8", mark: 3})
	case bytes.IndexByte(head, 0) >= 0:
		coding := little
		if bigEndian(head) {
			coding = big
		}
		return decodable(r, charset{name: "UTF-16", coding: coding, assumed: true})
	}
	return wholly8(r, charset{name: "UTF-8"})
}

// bigEndian tells which of the two UTF-16 a text is that has NULs: the one in
// which more characters separate cells or end lines.
func bigEndian(head []byte) bool {
	count := [2]int{}
	for i := 0; i+1 < len(head); i += 2 {
		for order := range 2 {
			if head[i+1-order] == 0 && bytes.IndexByte([]byte("\t\n\r\",; 0123456789"), head[i+order]) >= 0 {
				count[order]++
			}
		}
	}
	return count[1] > count[0]
}

// decodable refuses a text with bytes outside its encoding, or with control
// characters that no text has.
func decodable(r io.ReadSeeker, c charset) (charset, error) {
	text, err := c.open(r)
	if err != nil {
		return c, err
	}
	line, err := firstBad(text)
	if err != nil {
		return c, err
	}
	if line > 0 {
		return c, unreadable("the file is no text, or not in "+c.name,
			fault.Wrong("csv", "not_text", "is no text in {encoding}: save the table as CSV UTF-8 or as .xlsx", "encoding", c.name).In(line, 1))
	}
	return c, nil
}

// wholly8 takes UTF-8, and tries GB18030 where it is not and no mark says so.
func wholly8(r io.ReadSeeker, c charset) (charset, error) {
	text, err := c.open(r)
	if err != nil {
		return c, err
	}
	badLine, err := notUTF8(text)
	if err != nil || badLine == 0 {
		return c, err
	}
	refuse := unreadable("the text is in neither UTF-8 nor GB18030", fault.Wrong("csv", "not_utf8", "save the file as CSV UTF-8").In(badLine, 1))
	other := charset{name: "GB18030", coding: simplifiedchinese.GB18030, assumed: true}
	if c.mark > 0 {
		return c, refuse
	}
	if text, err = other.open(r); err != nil {
		return c, err
	}
	undecodable, err := firstBad(text)
	if err != nil {
		return c, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return c, fmt.Errorf("rewind CSV: %w", err)
	}
	if name, err := looksLike(r); err != nil {
		return c, err
	} else if name != "" {
		return c, unreadable("the text looks like "+name+", which is not read",
			fault.Wrong("csv", "looks_like", "looks like {encoding}, which is not read: save the file as CSV UTF-8", "encoding", name).In(badLine, 1))
	}
	if undecodable > 0 {
		return c, refuse
	}
	return other, nil
}

// firstBad gives the line of the first character that no text has: the one that
// stands for undecodable bytes, NUL. 0 if there is none.
func firstBad(r io.Reader) (line int, err error) {
	buf := make([]byte, 1<<16)
	line = 1
	for {
		n, err := r.Read(buf)
		for i, b := range buf[:n] {
			switch {
			case b == '\n':
				line++
			case b == 0, b == 0xEF && bytes.HasPrefix(buf[i:n], []byte("\uFFFD")):
				return line, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("read CSV: %w", err)
		}
	}
}

// looksLike names the encoding of a text that could be read as GB18030 and would
// be nonsense: letters with accents in Windows-1252 take the letter behind them
// along, Big5 has many second bytes below those of the common characters, and
// the kana of Shift JIS are rare characters.
func looksLike(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return "", fmt.Errorf("read CSV: %w", err)
	}
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z')
	}
	pairs, latin, low, common := 0, 0, 0, 0
	for i := 0; i+1 < len(text); i++ {
		lead, trail := text[i], text[i+1]
		if lead < 0x80 {
			continue
		}
		pairs++
		switch {
		case lead >= 0xA1 && lead <= 0xF7 && trail >= 0xA1:
			common++
		case trail < 0x80:
			low++
		}
		if lead >= 0xC0 && letter(i+1) && (letter(i-1) || letter(i+2)) {
			latin++
		}
		i++
		if trail >= '0' && trail <= '9' { // one of four bytes
			i += 2
			low--
		}
	}
	switch {
	case latin*2 > pairs:
		return "Windows-1252", nil
	case pairs >= 20 && low*100 > pairs*28 && common*100 > pairs*40:
		return "Big5", nil
	case pairs >= 20 && common*100 < pairs*40:
		return "Shift JIS", nil
	}
	return "", nil
}

// notUTF8 gives the line of the first bytes that are not UTF-8; 0 if all are.
func notUTF8(r io.Reader) (line int, err error) {
	buf := make([]byte, 1<<16)
	line = 1
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		chunk := buf[:kept+n]
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return 0, fmt.Errorf("read CSV: %w", err)
		}
		whole := len(chunk)
		if !ended {
			whole -= partial(chunk)
		}
		if !utf8.Valid(chunk[:whole]) {
			for rest := chunk[:whole]; ; {
				r, size := utf8.DecodeRune(rest)
				if r == utf8.RuneError && size <= 1 {
					return line, nil
				}
				if r == '\n' {
					line++
				}
				rest = rest[size:]
			}
		}
		if ended {
			return 0, nil
		}
		line += bytes.Count(chunk[:whole], []byte{'\n'})
		kept = copy(buf, chunk[whole:])
	}
}

// partial is how many bytes at the end begin a rune that is not yet whole.
func partial(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return i
			}
			return 0
		}
	}
	return 0
}
