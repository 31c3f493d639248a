package table

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Listed is a sheet of a workbook.
type Listed struct {
	Name   string
	Hidden bool
	Headed bool // it has a header
}

// List tells which sheets a workbook has, in its order; none where the file is
// text. Its faults are those of Open.
func List(ctx context.Context, r io.Reader, options Options) ([]Listed, error) {
	options.Limits = options.orDefaults()
	f, size, err := seekable(r, options.Bytes)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4)
	if n, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) || !bytes.HasPrefix(head[:n], []byte("PK")) {
		return nil, err
	}
	book, err := openWorkbook(ctx, f, size, options.Limits)
	if err != nil {
		return nil, err
	}
	t := &Reader{ctx: ctx, options: options}
	all := make([]Listed, 0, len(book.sheets))
	for _, p := range book.sheets {
		if err := t.begin(book, p); err != nil {
			return nil, errors.Join(err, t.Close())
		}
		all = append(all, Listed{p.name, p.hidden, t.header.Found})
	}
	return all, t.Close()
}
