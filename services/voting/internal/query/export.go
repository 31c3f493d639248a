package query

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/counting"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// maxExport is the largest export in bytes: 100 million ballots or so.
const maxExport = 16 << 30

// ExportVotes implements voting.Service.
func (r *Reader) ExportVotes(ctx context.Context, in voting.Of) (out voting.Exported, err error) {
	err = r.sealed(ctx, in.Slug, func(v view) error {
		votes, err := counting.Votes(ctx, v, v.ID)
		if err != nil {
			return err
		}
		out, err = r.export(ctx, []string{"candidate", "votes"}, func(write func(...string) error) error {
			for _, n := range slices.Sorted(maps.Keys(votes)) {
				if err := write(strconv.Itoa(n), strconv.FormatInt(votes[n], 10)); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	return out, err
}

// ExportBallots implements voting.Service.
func (r *Reader) ExportBallots(ctx context.Context, in voting.Of) (out voting.Exported, err error) {
	err = r.sealed(ctx, in.Slug, func(v view) error {
		out, err = r.export(ctx, []string{"index", "period", "voter", "picks"}, func(write func(...string) error) error {
			return v.ballots(ctx, write)
		})
		if err == nil && out.Rows != v.Next {
			return fmt.Errorf("export of %s: %d ballots of %d", in.Slug, out.Rows, v.Next)
		}
		return err
	})
	return out, err
}

// ballots writes all ballots in the order of the log, without holding them.
func (v view) ballots(ctx context.Context, write func(...string) error) error {
	rows, err := v.QueryxContext(ctx, `
		SELECT b.period, b.voter, b.picks FROM ballot b JOIN batch t ON t.id = b.batch
		WHERE b.selection = $1 ORDER BY t.first_index, b.rank`, v.ID)
	if err != nil {
		return fmt.Errorf("ballots: %w", err)
	}
	defer rows.Close()
	for index := 0; rows.Next(); index++ {
		var (
			period int
			voter  []byte
			picks  pq.Int64Array
		)
		if err := rows.Scan(&period, &voter, &picks); err != nil {
			return fmt.Errorf("ballots: %w", err)
		}
		if err := write(strconv.Itoa(index), rule.PeriodName(period), hex.EncodeToString(voter), spaced(picks)); err != nil {
			return err
		}
	}
	return rows.Err()
}

func spaced(numbers []int64) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, " ")
}

// export streams a CSV into the blob store.
func (r *Reader) export(ctx context.Context, header []string, rows func(write func(...string) error) error) (voting.Exported, error) {
	return r.stream(ctx, func(w io.Writer) (n int64, err error) {
		c := table.NewCSV(w)
		if err := c.Write(header...); err != nil {
			return 0, err
		}
		if err := rows(func(fields ...string) error { n++; return c.Write(fields...) }); err != nil {
			return 0, err
		}
		return n, c.Flush()
	})
}
