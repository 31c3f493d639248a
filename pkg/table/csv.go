package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/norm"
)

var errReplaced = errors.New("bytes outside the encoding")

type csvSource struct {
	r   *csv.Reader
	end bool

	encoding string
}

func openCSV(r io.ReadSeeker) (source, error) {
	text, encoding, err := decoded(r)
	if err != nil {
		return nil, err
	}
	c := csv.NewReader(text)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	return &csvSource{r: c, encoding: encoding}, nil
}

func (s *csvSource) next() (Row, error) {
	if s.end {
		return Row{}, io.EOF
	}
	cells, err := s.r.Read()
	if err == nil {
		line, _ := s.r.FieldPos(0)
		return Row{Line: line, Cells: cells}, nil
	}
	s.end = true
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return Row{}, io.EOF
	case errors.As(err, &parse):
		return Row{}, unreadable("the CSV is broken", fault.Wrong("csv", "csv_broken",
			"{detail} (a cell with a quote must be quoted and its quotes doubled)", "detail", parse.Err).In(parse.StartLine, parse.Column))
	}
	return Row{}, fmt.Errorf("read CSV: %w", err)
}

func (s *csvSource) pictures(Row, int) ([]Picture, error) { return nil, nil }
func (s *csvSource) close() error                         { return nil }

// decoded gives the text in UTF-8 without its byte-order mark. A text that is not
// UTF-8 throughout is read as GB18030 (GBK is a part of it) if it is that
// throughout and reads as Chinese; the encoding is named, and what looks like
// another is refused.
func decoded(r io.ReadSeeker) (text io.Reader, encoding string, err error) {
	br := bufio.NewReaderSize(r, 1<<16)
	mark, err := br.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", fmt.Errorf("read CSV: %w", err)
	}
	if bytes.HasPrefix(mark, []byte{0xFF, 0xFE}) || bytes.HasPrefix(mark, []byte{0xFE, 0xFF}) {
		return transform.NewReader(br, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), norm.UTF16, nil
	}
	marked := bytes.Equal(mark, []byte{0xEF, 0xBB, 0xBF})
	badLine, err := notUTF8(br)
	if err != nil {
		return nil, "", err
	}
	if badLine > 0 {
		ok, err := decodes(r)
		if err != nil {
			return nil, "", err
		}
		sample, err := beyondASCII(r)
		if err != nil {
			return nil, "", err
		}
		guess := norm.Guess(sample)
		if marked || !ok || guess != norm.GB18030 {
			wrong := fault.Wrong("csv", "not_utf8", "is not UTF-8; save it as UTF-8")
			if !marked && guess != "" && guess != norm.GB18030 {
				wrong = fault.Wrong("csv", "other_encoding", "is not UTF-8 and looks like {encoding}, which is not read; save it as UTF-8", "encoding", guess)
			}
			return nil, "", unreadable("the text is in neither UTF-8 nor GB18030", wrong.In(badLine, 1))
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, "", fmt.Errorf("rewind CSV: %w", err)
		}
		return norm.Decoder(r), norm.GB18030, nil
	}
	start := int64(0)
	if marked {
		start = 3
	}
	if _, err := r.Seek(start, io.SeekStart); err != nil {
		return nil, "", fmt.Errorf("rewind CSV: %w", err)
	}
	return r, norm.UTF8, nil
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

// maxSample bounds the lines that an encoding is guessed from, in bytes.
const maxSample = 1 << 18

// beyondASCII gives the first lines that have more than ASCII.
func beyondASCII(r io.ReadSeeker) ([]byte, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind CSV: %w", err)
	}
	var sample []byte
	for br := bufio.NewReaderSize(r, 1<<16); len(sample) < maxSample; {
		line, err := br.ReadSlice('\n')
		if bytes.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
			sample = append(sample, line...)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) { // a long line comes in parts
			return nil, fmt.Errorf("read CSV: %w", err)
		}
	}
	return sample, nil
}

// decodes tells whether every byte of r belongs to GB18030.
func decodes(r io.ReadSeeker) (bool, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return false, fmt.Errorf("rewind CSV: %w", err)
	}
	_, err := io.Copy(strict{}, norm.Decoder(r))
	if errors.Is(err, errReplaced) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read CSV: %w", err)
	}
	return true, nil
}

// strict refuses the character that stands for undecodable bytes.
type strict struct{}

func (strict) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("\uFFFD")) {
		return 0, errReplaced
	}
	return len(p), nil
}
