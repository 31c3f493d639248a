package query

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"
)

// chunk is how many ballots long work looks at between two rests: some tens of
// milliseconds of work, of this process and of PostgreSQL.
const chunk = 8192

// plan has PostgreSQL plan the next statements with these means alone: what it
// knows of a new selection is that it is empty.
func (v view) plan(ctx context.Context, means ...string) error {
	var set strings.Builder
	for _, m := range []string{"seqscan", "bitmapscan", "indexscan", "indexonlyscan", "nestloop", "hashjoin", "mergejoin", "sort", "hashagg"} {
		value := "off"
		if slices.Contains(means, m) || len(means) == 0 {
			value = "on"
		}
		set.WriteString("SET LOCAL enable_" + m + " = " + value + ";")
	}
	_, err := v.ExecContext(ctx, set.String())
	return err
}

// chunks reads rows of a query part by part, n of them at a time: between two
// parts the connection is free, and PostgreSQL does nothing.
func (v view) chunks(ctx context.Context, n int64, query string, row func(*sqlx.Rows) error, part func() error) error {
	if _, err := v.ExecContext(ctx, `DECLARE part NO SCROLL CURSOR FOR `+query); err != nil {
		return err
	}
	if err := v.plan(ctx); err != nil {
		return err
	}
	for {
		got, err := v.fetch(ctx, n, row)
		if err != nil {
			return err
		}
		if got == 0 {
			break
		}
		if err := part(); err != nil {
			return err
		}
	}
	_, err := v.ExecContext(ctx, `CLOSE part`)
	return err
}

func (v view) fetch(ctx context.Context, n int64, row func(*sqlx.Rows) error) (got int64, err error) {
	rows, err := v.QueryxContext(ctx, fmt.Sprintf(`FETCH %d FROM part`, n))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); got++ {
		if err := row(rows); err != nil {
			return got, err
		}
	}
	return got, rows.Err()
}

// inOrder puts leaves into the order of the log: by publication, and in it by their
// hashes. Batches from before the first publication lie there one by one, in the
// order of counting.
type inOrder[T any] struct {
	publications []int64 // where those begin that are still to come
	sorted       bool    // what waits is of a publication
	waiting      []T
	hash         func(T) tlog.Hash
	next         func(T) error // is given the leaves
}

// order reads a selection's publications.
func order[T any](ctx context.Context, v view, hash func(T) tlog.Hash, next func(T) error) (*inOrder[T], error) {
	o := inOrder[T]{hash: hash, next: next}
	err := v.SelectContext(ctx, &o.publications, `SELECT first FROM publication WHERE selection = $1 ORDER BY first`, v.ID)
	return &o, err
}

// add adds the leaves of the next batch, whose first one has a place in the order
// of counting.
func (o *inOrder[T]) add(first int64, leaves []T) error {
	for len(o.publications) > 0 && o.publications[0] <= first {
		if err := o.flush(); err != nil {
			return err
		}
		o.sorted, o.publications = true, o.publications[1:]
	}
	o.waiting = append(o.waiting, leaves...)
	if o.sorted {
		return nil
	}
	return o.flush()
}

// flush gives what waits; it is called once more at the end.
func (o *inOrder[T]) flush() error {
	if o.sorted {
		slices.SortFunc(o.waiting, func(a, b T) int {
			x, y := o.hash(a), o.hash(b)
			return bytes.Compare(x[:], y[:])
		})
	}
	for _, leaf := range o.waiting {
		if err := o.next(leaf); err != nil {
			return err
		}
	}
	clear(o.waiting)
	o.waiting = o.waiting[:0]
	return nil
}

// batchesInOrder is the query of columns of a selection's batches in the order of
// counting, and how many of them are read at a time.
func (v view) batchesInOrder(ctx context.Context, columns string) (query string, some int64, err error) {
	var counted struct {
		Batches int64 `db:"batches"`
		Next    int64 `db:"next_index"`
	}
	if err := v.GetContext(ctx, &counted, `
		SELECT next_index, (SELECT count(*) FROM batch WHERE selection = $1 AND first_index IS NOT NULL) AS batches
		FROM head WHERE selection = $1`, v.ID); err != nil {
		return "", 0, err
	}
	return fmt.Sprintf(`SELECT %s FROM batch LEFT JOIN batch_body ON batch = id WHERE selection = %d AND first_index IS NOT NULL ORDER BY first_index`,
		columns, v.ID), max(1, chunk*counted.Batches/max(counted.Next, 1)), v.plan(ctx, "indexscan", "nestloop")
}
