package compute

import (
	"context"
	"errors"
	"io"

	"github.com/laurel-awards/laurel/pkg/table"
)

// batchRows is how many rows are handed over at once.
const batchRows = 2048

// batch is rows read ahead, with their cells in one slice.
type batch struct {
	rows  []table.Row
	cells []string
	err   error // after the rows
}

// rows calls f for each row after the heading. One goroutine reads ahead while
// this one works, because reading and putting in cost about the same.
func rows(ctx context.Context, t *table.Reader, f func(table.Row)) error {
	full, empty := make(chan *batch, 2), make(chan *batch, 3)
	stop := make(chan struct{})
	for range cap(empty) {
		empty <- &batch{rows: make([]table.Row, 0, batchRows)}
	}
	go func() {
		defer close(full)
		for b := range empty {
			b.fill(t)
			select {
			case full <- b:
			case <-stop:
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	// The reader is the goroutine's until it has ended: then full is closed.
	defer func() {
		close(stop)
		close(empty)
		for range full {
		}
	}()
	for b := range full {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, row := range b.rows {
			f(row)
		}
		if errors.Is(b.err, io.EOF) {
			return nil
		}
		if b.err != nil {
			return b.err
		}
		empty <- b
	}
	return nil
}

func (b *batch) fill(t *table.Reader) {
	b.rows, b.cells = b.rows[:0], b.cells[:0]
	for len(b.rows) < batchRows {
		row, err := t.Next()
		if err != nil {
			b.err = err
			return
		}
		start := len(b.cells)
		b.cells = append(b.cells, row.Cells...)
		row.Cells = b.cells[start:len(b.cells):len(b.cells)]
		b.rows = append(b.rows, row)
	}
}
