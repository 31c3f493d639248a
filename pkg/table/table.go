// Package table reads and writes the spreadsheets that people keep: CSV with
// commas, semicolons or tabs in UTF-8, UTF-16, GBK or GB18030, and XLSX. Every
// cell comes as the text that was typed, with its line and column, so that a
// person finds a mistake where it is named; what is seen and not read is told
// as a warning. docs/files.md says what it does with each oddity.
package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table/cell"
)

// Limits bound what a file may hold. A field of 0 means the default.
type Limits struct {
	Bytes    int64 // of the file as it comes; default 32 MiB
	Unzipped int64 // of an XLSX once unpacked, and of its cells' texts; default 256 MiB
	Rows     int   // with content; default 1,048,576, an XLSX sheet's most
	Columns  int   // of one row; default 1,024
	Cells    int   // of an XLSX that hold something, be it a space; default 50 million
}

func (l Limits) orDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 32 << 20
	}
	if l.Unzipped == 0 {
		l.Unzipped = 256 << 20
	}
	if l.Rows == 0 {
		l.Rows = gridRows
	}
	if l.Columns == 0 {
		l.Columns = 1024
	}
	if l.Cells == 0 {
		l.Cells = 50_000_000
	}
	return l
}

// Options say what to read.
type Options struct {
	Limits

	// Sheet is the name of the sheet to read. Where it is empty, it is the only
	// visible one that has a header, else the first visible one.
	Sheet string
	// Field says what a column's name means; "" is nothing that is known. Nil
	// is a table without a header: its first row is a row like others.
	Field func(name string) string
	// Least is how many fields a header names at least; default 1.
	Least int
	// Header is the line, at most HeadingWithin, of the columns' names, where the
	// caller knows it; 0: it is found.
	Header int
}

func (o Options) least() int { return max(o.Least, 1) }

// Row is one row that has content. Cells end at the last one that has.
type Row struct {
	Line     int           // of the file, from 1: the line where a CSV record starts, an XLSX row's number
	Cells    []string      // as typed; "" where Problems says why it cannot be read
	Problems []fault.Field // what is wrong with cells: errors, formulas without a value

	sheet bool
	marks []mark // by column; it may end before Cells does
}

// Cell is the text of a column, counted from 0; "" beyond the end.
func (r Row) Cell(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

// Repeated tells whether a cell has the text of a merged cell that begins to
// its left.
func (r Row) Repeated(column int) bool { return r.mark(column)&fromLeft != 0 }

func (r Row) mark(column int) mark {
	if column < 0 || column >= len(r.marks) {
		return 0
	}
	return r.marks[column]
}

func (r *Row) set(column int, text string, m mark) {
	for len(r.Cells) <= column {
		r.Cells = append(r.Cells, "")
	}
	r.Cells[column] = text
	if m == 0 && column >= len(r.marks) {
		return
	}
	for len(r.marks) <= column {
		r.marks = append(r.marks, 0)
	}
	r.marks[column] = m
}

// own tells whether a row says something that no row above has said.
func (r Row) own() bool {
	for i, text := range r.Cells {
		if Text(text) != "" && r.mark(i)&fromAbove == 0 {
			return true
		}
	}
	return len(r.Problems) > 0
}

// Ref names a cell for a person: B7 in XLSX, "line 7, column 2" in CSV. The
// column is counted from 0.
func (r Row) Ref(column int) string {
	if r.sheet {
		return cellName(column, r.Line)
	}
	return fmt.Sprintf("line %d, column %d", r.Line, column+1)
}

// Wrong says what is wrong with a cell, as fault.Wrong does; the column is
// counted from 0.
func (r Row) Wrong(column int, name, code, message string, params ...any) fault.Field {
	return fault.Wrong(name, code, message, params...).In(r.Line, column+1)
}

// Inexact tells a cell that should be an identifier and is a number that has
// lost digits, or may have: spreadsheets keep fifteen.
func (r Row) Inexact(column int, name string) (fault.Field, bool) {
	text := Text(r.Cell(column))
	if r.mark(column)&inexactNumber == 0 && !exported.MatchString(text) {
		return fault.Field{}, false
	}
	return r.Wrong(column, name, "number_inexact",
		"{value} is a number of which spreadsheets keep fifteen digits: format the column as text, and type or paste it again", "value", text), true
}

// source gives rows one after the other; io.EOF ends it. Its rows may share
// memory with the next.
type source interface {
	next() (Row, error)
	close() error
}

// Reader gives a file's rows one at a time, without holding them all.
type Reader struct {
	ctx     context.Context //nolint:containedctx // a file is read for one request
	options Options
	src     source
	sheet   *sheetRows // nil where it is no workbook
	name    string
	header  Header
	ahead   []Row // read and not yet given
	ended   bool
	rows    int
	noticed []Warning
	looked  bool // the caller asked for the pictures
}

// Open begins to read a file, whose kind it finds by its content. A source
// that can seek and be read at any place is read in place; any other is read
// into memory first. It answers table_too_large, table_unreadable with line and
// column, or table_sheet where it is not clear which sheet is meant. Reading
// ends with ctx.
func Open(ctx context.Context, r io.Reader, options Options) (*Reader, error) {
	options.Limits = options.orDefaults()
	file, size, err := seekable(r, options.Bytes)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind table: %w", err)
	}
	t := &Reader{ctx: ctx, options: options}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		err = t.openSheet(file, size)
	case bytes.HasPrefix(head, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		err = notTable("old_workbook", "is an old or encrypted Excel file; save it as .xlsx without a password, or as .csv")
	case kindOf(head) != "":
		err = otherKind(kindOf(head))
	default:
		err = t.openText(file)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// file is a table's body.
type file interface {
	io.ReadSeeker
	io.ReaderAt
}

// seekable gives r itself where it can seek and is small enough, else its
// bytes.
func seekable(r io.Reader, most int64) (file, int64, error) {
	if s, ok := r.(file); ok {
		if size, err := s.Seek(0, io.SeekEnd); err == nil {
			if size > most {
				return nil, 0, tooManyBytes(most)
			}
			if _, err := s.Seek(0, io.SeekStart); err != nil {
				return nil, 0, fmt.Errorf("rewind table: %w", err)
			}
			return s, size, nil
		}
	}
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read table: %w", err)
	}
	if int64(len(body)) > most {
		return nil, 0, tooManyBytes(most)
	}
	return bytes.NewReader(body), int64(len(body)), nil
}

// Header is the names of the columns, above the rows that Next gives. It is
// empty where Options.Field is nil.
func (r *Reader) Header() Header { return r.header }

// Sheet is the name of the sheet that is read; "" where the file is no workbook.
func (r *Reader) Sheet() string { return r.name }

// Next gives the next row that has content; io.EOF ends the table. The row's
// cells are valid until the following call.
func (r *Reader) Next() (row Row, err error) {
	if len(r.ahead) > 0 {
		row, r.ahead = r.ahead[0], r.ahead[1:]
	} else if row, err = r.read(); err != nil {
		return row, err
	}
	for i, p := range row.Problems {
		if name := r.header.Row.Cell(p.Column - 1); name != "" {
			row.Problems[i].Name = strings.Join(strings.Fields(name), "")
		}
	}
	return row, nil
}

func (r *Reader) read() (Row, error) {
	for blank := 0; ; blank++ {
		if r.ended {
			return Row{}, io.EOF
		}
		if blank%64 == 0 {
			if err := r.ctx.Err(); err != nil {
				return Row{}, err
			}
		}
		row, err := r.src.next()
		if err != nil {
			r.ended = errors.Is(err, io.EOF)
			return Row{}, err
		}
		for len(row.Cells) > 0 && Text(row.Cells[len(row.Cells)-1]) == "" {
			row.Cells = row.Cells[:len(row.Cells)-1]
		}
		if len(row.Cells) == 0 && len(row.Problems) == 0 {
			continue
		}
		if r.rows++; r.rows > r.options.Rows {
			return Row{}, beyond("table_rows", "has more than {max} rows", "max", r.options.Rows)
		}
		if len(row.Cells) > r.options.Columns {
			return Row{}, beyond("table_columns", "row {row} has more than {max} columns", "row", row.Line, "max", r.options.Columns)
		}
		for i, text := range row.Cells {
			row.Cells[i] = cell.Unguard(text)
		}
		return row, nil
	}
}

// peek gives the row after the next i; Line 0 where there is none.
func (r *Reader) peek(i int) (Row, error) {
	for len(r.ahead) <= i {
		row, err := r.read()
		if errors.Is(err, io.EOF) {
			return Row{}, nil
		}
		if err != nil {
			return Row{}, err
		}
		row.Cells = slices.Clone(row.Cells)
		r.ahead = append(r.ahead, row)
	}
	return r.ahead[i], nil
}

// Warnings tells what was seen in the file and is not among the rows. It is
// whole once Next has given all of them.
func (r *Reader) Warnings() []Warning {
	if r.sheet == nil {
		return r.noticed
	}
	return append(slices.Clone(r.noticed), r.sheet.warnings(r.header.Last, r.looked)...)
}

// Pictures gives the pictures of an XLSX's sheet, floating and in cells, in the
// order of their rows; none for CSV. It is asked once the rows have been read,
// and the caller tells what becomes of each.
func (r *Reader) Pictures() ([]Picture, error) {
	if r.sheet == nil {
		return nil, nil
	}
	r.looked = true
	pictures, _, err := r.sheet.all()
	return pictures, err
}

// Close frees what an open file holds; not the reader given to Open.
func (r *Reader) Close() error {
	if r.src == nil {
		return nil
	}
	return r.src.close()
}

// ReadAll gives every row that has content, each with memory of its own. A cell
// that cannot be read is an error.
func ReadAll(r io.Reader, limits Limits) ([]Row, error) {
	t, err := Open(context.Background(), r, Options{Limits: limits})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var rows []Row
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err == nil && len(row.Problems) > 0 {
			err = unreadable("cells cannot be read", row.Problems...)
		}
		if err != nil {
			return nil, err
		}
		row.Cells = slices.Clone(row.Cells)
		rows = append(rows, row)
	}
}

func tooLarge(message string) error {
	return fault.New(fault.TooLarge, "table_too_large", message)
}

// beyond says which bound a file passes, and notTable why it cannot be read.
func beyond(code, message string, params ...any) error {
	return fault.New(fault.TooLarge, "table_too_large", "the table is too large", fault.Wrong("file", code, message, params...))
}

func tooManyBytes(most int64) error {
	return beyond("table_bytes", "has more than {max} bytes", "max", most)
}

func notTable(code, message string, params ...any) error {
	return unreadable("the table cannot be read", fault.Wrong("file", code, message, params...))
}

func otherKind(kind string) error {
	return notTable("other_kind", "is a file of the kind {kind}, which is not read as a table; save it as .xlsx or .csv", "kind", kind)
}

// broken says what is wrong inside of a workbook, for who made its program.
func broken(detail string) error {
	return notTable("workbook_broken", "is a broken workbook: {detail}; open it and save it again", "detail", detail)
}

// kindOf names what is no table by its first bytes; "" is none that is known.
func kindOf(head []byte) string {
	for _, k := range []struct{ kind, begins string }{
		{"JPEG", "\xFF\xD8\xFF"},
		{"PNG", "\x89PNG"},
		{"GIF", "GIF8"},
		{"WebP", "RIFF"},
		{"PDF", "%PDF"},
		{"RAR", "Rar!"},
		{"7z", "7z\xBC\xAF"},
		{"gzip", "\x1F\x8B"},
		{"RTF", "{\\rtf"},
		{"TIFF", "II*\x00"},
		{"TIFF", "MM\x00*"},
	} {
		if bytes.HasPrefix(head, []byte(k.begins)) {
			return k.kind
		}
	}
	if len(head) >= 8 && string(head[4:8]) == "ftyp" {
		return "HEIC"
	}
	return ""
}

func unreadable(message string, fields ...fault.Field) error {
	return fault.New(fault.Malformed, "table_unreadable", message, fields...)
}
