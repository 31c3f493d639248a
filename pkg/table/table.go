// Package table reads and writes the spreadsheets that people keep: CSV in
// UTF-8 (with or without a byte-order mark), UTF-16 with one, GBK or GB18030,
// and XLSX. Every cell comes as the text that was typed, with its line and column,
// so that a person finds a mistake where it is named.
package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Limits bound what a file may hold. A field of 0 means the default.
type Limits struct {
	Bytes    int64 // of the file as it comes; default 32 MiB
	Unzipped int64 // of an XLSX once unpacked, which guards against zip bombs; default 256 MiB
	Rows     int   // with content; default 1,048,576, an XLSX sheet's most
	Columns  int   // of one row; default 1,024
}

func (l Limits) orDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 32 << 20
	}
	if l.Unzipped == 0 {
		l.Unzipped = 256 << 20
	}
	if l.Rows == 0 {
		l.Rows = excelize.TotalRows
	}
	if l.Columns == 0 {
		l.Columns = 1024
	}
	return l
}

// Row is one row that has content. Cells end at the last one that has.
type Row struct {
	Line  int      // of the file, from 1: the line where a CSV record starts, an XLSX row's number
	Cells []string // as typed

	sheet bool
}

// Cell is the text of a column, counted from 0; "" beyond the end.
func (r Row) Cell(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

// Ref names a cell for a person: B7 in XLSX, "line 7, column 2" in CSV. The
// column is counted from 0.
func (r Row) Ref(column int) string {
	if r.sheet {
		if ref, err := excelize.CoordinatesToCellName(column+1, r.Line); err == nil {
			return ref
		}
	}
	return fmt.Sprintf("line %d, column %d", r.Line, column+1)
}

// Wrong says what is wrong with a cell, as fault.Wrong does; the column is
// counted from 0.
func (r Row) Wrong(column int, name, code, message string, params ...any) fault.Field {
	return fault.Wrong(name, code, message, params...).In(r.Line, column+1)
}

// source gives rows one after the other; io.EOF ends it. Its rows may share
// memory with the next.
type source interface {
	next() (Row, error)
	pictures(row Row, column int) ([]Picture, error)
	close() error
}

// Reader gives a file's rows one at a time, without holding them all.
type Reader struct {
	limits Limits
	src    source
	rows   int
}

// Open begins to read a file, whose kind it finds by its content. A source
// that can seek is read in place; any other is read into memory first. It
// answers table_too_large, or table_unreadable with line and column.
func Open(r io.Reader, limits Limits) (*Reader, error) {
	limits = limits.orDefaults()
	seeker, err := seekable(r, limits.Bytes)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(seeker, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read table: %w", err)
	}
	head = head[:n]
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind table: %w", err)
	}
	var src source
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		src, err = openXLSX(seeker, limits)
	case bytes.HasPrefix(head, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		err = unreadable("this is an old or encrypted Excel file; save it as .xlsx without a password, or as .csv")
	default:
		src, err = openCSV(seeker)
	}
	if err != nil {
		return nil, err
	}
	return &Reader{limits: limits, src: src}, nil
}

// seekable gives r itself where it can seek and is small enough, else its
// bytes.
func seekable(r io.Reader, most int64) (io.ReadSeeker, error) {
	if s, ok := r.(io.ReadSeeker); ok {
		if size, err := s.Seek(0, io.SeekEnd); err == nil {
			if size > most {
				return nil, tooLarge(fmt.Sprintf("the file has %d bytes, more than the %d taken", size, most))
			}
			if _, err := s.Seek(0, io.SeekStart); err != nil {
				return nil, fmt.Errorf("rewind table: %w", err)
			}
			return s, nil
		}
	}
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if int64(len(body)) > most {
		return nil, tooLarge(fmt.Sprintf("the file has more than the %d bytes taken", most))
	}
	return bytes.NewReader(body), nil
}

// Next gives the next row that has content; io.EOF ends the table. The row's
// cells are valid until the following call.
func (r *Reader) Next() (Row, error) {
	for {
		row, err := r.src.next()
		if err != nil {
			return Row{}, err
		}
		for len(row.Cells) > 0 && Text(row.Cells[len(row.Cells)-1]) == "" {
			row.Cells = row.Cells[:len(row.Cells)-1]
		}
		if len(row.Cells) == 0 {
			continue
		}
		if r.rows++; r.rows > r.limits.Rows {
			return Row{}, tooLarge(fmt.Sprintf("the table has more than the %d rows taken", r.limits.Rows))
		}
		if len(row.Cells) > r.limits.Columns {
			return Row{}, tooLarge(fmt.Sprintf("line %d has %d columns, more than the %d taken", row.Line, len(row.Cells), r.limits.Columns))
		}
		return row, nil
	}
}

// Encoding names the encoding of a CSV, which was assumed where it is neither
// UTF-8 nor marked: norm.GB18030. "" for XLSX.
func (r *Reader) Encoding() string {
	if csv, ok := r.src.(*csvSource); ok {
		return csv.encoding
	}
	return ""
}

// Pictures gives the pictures that stand in a cell of an XLSX, floating with
// their top left corner in it or embedded; none for CSV. The column is counted
// from 0. The whole sheet is read into memory at the first call.
func (r *Reader) Pictures(row Row, column int) ([]Picture, error) {
	return r.src.pictures(row, column)
}

// Picture is an image found in a cell, unchecked.
type Picture struct {
	Extension string // as the file names it: .jpeg
	Body      []byte
}

// Close frees what an open file holds; not the reader given to Open.
func (r *Reader) Close() error { return r.src.close() }

// ReadAll gives every row that has content, each with memory of its own.
func ReadAll(r io.Reader, limits Limits) ([]Row, error) {
	t, err := Open(r, limits)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.All()
}

// All gives the rows that are left, each with memory of its own.
func (r *Reader) All() ([]Row, error) {
	var rows []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
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

func unreadable(message string, fields ...fault.Field) error {
	return fault.New(fault.Malformed, "table_unreadable", message, fields...)
}
