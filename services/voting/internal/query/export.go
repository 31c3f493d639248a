package query

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/counting"
)

// maxExport is the largest export in bytes: 100 million ballots or so.
const maxExport = 16 << 30

// stretch is how many ballots are written between two words of progress: some
// milliseconds of work.
const stretch = 4096

// ExportVotes implements voting.Service.
func (r *Reader) ExportVotes(ctx context.Context, in voting.Of) (out voting.Exported, err error) {
	err = r.sealed(ctx, in.Slug, func(v view) error {
		votes, err := counting.Votes(ctx, v, v.ID)
		if err != nil {
			return err
		}
		out, err = r.stream(ctx, func(w io.Writer) (int64, error) {
			c := table.NewCSV(w)
			_ = c.Write("candidate", "votes") // Flush tells of it
			for _, n := range slices.Sorted(maps.Keys(votes)) {
				_ = c.Write(strconv.Itoa(n), strconv.FormatInt(votes[n], 10))
			}
			return int64(len(votes)), c.Flush()
		})
		return err
	})
	return out, err
}

// ExportLeaves implements voting.Service.
func (r *Reader) ExportLeaves(ctx context.Context, in voting.Of) (voting.Exported, error) {
	return r.file(ctx, in.Slug, voting.LeavesJob)
}

// ExportBallots implements voting.Service.
func (r *Reader) ExportBallots(ctx context.Context, in voting.Of) (voting.Exported, error) {
	return r.file(ctx, in.Slug, voting.BallotsJob)
}

// Jobs are what this package has done outside of requests. The first writes the
// leaves and orders the second, which reads them.
func (r *Reader) Jobs() []job.Kind {
	return []job.Kind{
		{Name: voting.LeavesJob, Waits: casting, Run: func(ctx context.Context, w *job.Work) (any, error) { return r.makeLeaves(ctx, w) }},
		{Name: voting.BallotsJob, Waits: casting, Run: func(ctx context.Context, w *job.Work) (any, error) { return r.makeBallots(ctx, w) }},
		{Name: voting.CheckJob, Waits: casting, Run: func(ctx context.Context, w *job.Work) (any, error) { return r.makeCheck(ctx, w) }},
	}
}

// casting tells whether ballots have been cast within the last second, in any
// selection: what this package has done takes no time from them.
func casting(ctx context.Context, q sqlx.QueryerContext) (yes bool, err error) {
	err = sqlx.GetContext(ctx, q, &yes, `
		SELECT coalesce((SELECT committed_at > clock_timestamp() - interval '1 second' FROM batch ORDER BY id DESC LIMIT 1), false)`)
	return yes, err
}

// Needs tells which of some bodies are files that a job has made, or reads.
func Needs(ctx context.Context, q sqlx.QueryerContext, hashes []string) (needed []string, err error) {
	err = sqlx.SelectContext(ctx, q, &needed, `
		SELECT DISTINCT made.blob FROM job CROSS JOIN LATERAL (VALUES (result->>'blob'), (input->>'blob')) AS made (blob)
		WHERE kind IN ($2, $3) AND made.blob = ANY($1)`, pq.Array(hashes), voting.LeavesJob, voting.BallotsJob)
	return needed, err
}

// file gives a file of a sealed selection that a job has made, or the job that
// makes it. Whoever asks orders it where it is not there: once made, a file is
// there for good, so no more is done for many who ask than for one.
func (r *Reader) file(ctx context.Context, slug, kind string) (out voting.Exported, err error) {
	var now time.Time
	if err := r.sealed(ctx, slug, func(v view) error { now = v.Now; return nil }); err != nil {
		return out, err
	}
	// The leaves' job is looked at first: it orders the ballots' before it ends.
	leaves, begun, err := job.Last(ctx, r.db, slug, voting.LeavesJob)
	if err != nil {
		return out, err
	}
	made, found, err := job.Last(ctx, r.db, slug, kind)
	if err != nil {
		return out, err
	}
	switch {
	case found && !made.Ended():
		return voting.Exported{Job: &made}, nil
	case found && made.State == job.Failed && now.Sub(*made.EndedAt) < voting.ErrNoExport.RetryAfter:
		return out, voting.ErrNoExport.With("job", made.ID).With("code", made.Fault.Code)
	case found && made.State == job.Done:
		if err := json.Unmarshal(made.Result, &out); err != nil {
			return out, fmt.Errorf("export of %s: %w", slug, err)
		}
		there, err := r.blobs.Has(ctx, out.Blob)
		if err != nil {
			return voting.Exported{}, fmt.Errorf("export of %s: %w", slug, err)
		}
		if there {
			return out, nil
		}
	}
	// Nothing has been made, or it is lost. The leaves come first, unless they are
	// being made, or were since this call began.
	if !begun || leaves.Ended() {
		again, _, err := job.Last(ctx, r.db, slug, voting.LeavesJob)
		if err != nil {
			return voting.Exported{}, err
		}
		if again.ID != leaves.ID {
			return voting.Exported{Job: &again}, nil
		}
		if leaves, err = r.jobs.Order(ctx, r.db, slug, voting.LeavesJob, nil); err != nil {
			return voting.Exported{}, err
		}
	}
	return voting.Exported{Job: &leaves}, nil
}

// errLost ends the job of the ballots where the leaves are gone that it reads.
var errLost = fault.New(fault.Conflict, "leaves_lost", "the lines of the ballot log are written again first")

// errFull is the reason that is told of a file for which there is no room.
var errFull = fault.NewUnavailable("store_full", "there is no room for the file; it is tried again", time.Minute)

// makeLeaves writes the lines of the log.
func (r *Reader) makeLeaves(ctx context.Context, w *job.Work) (out voting.Exported, err error) {
	err = lookIn(ctx, w.DB, w.Slug, func(v view) error {
		if !v.SealedAt.Valid {
			return voting.ErrUnsealed
		}
		out, err = r.stream(ctx, func(to io.Writer) (n int64, err error) {
			rest := func() error { return w.Progress(ctx, n, v.Size) }
			err = v.logged(ctx, rest, func(text []byte) error {
				n++
				_, err := to.Write(append(text, '\n'))
				return err
			})
			return n, err
		})
		if err == nil && out.Rows != v.Size {
			err = fmt.Errorf("export of %s: %d leaves of %d", w.Slug, out.Rows, v.Size)
		}
		return err
	})
	if err == nil {
		_, err = r.jobs.Order(ctx, w.DB, w.Slug, voting.BallotsJob, out)
	}
	return out, err
}

// makeBallots writes a CSV of the leaves' file. It asks the database for nothing.
func (r *Reader) makeBallots(ctx context.Context, w *job.Work) (out voting.Exported, err error) {
	var from voting.Exported
	if err := json.Unmarshal(w.Input, &from); err != nil {
		return out, fmt.Errorf("export of %s: %w", w.Slug, err)
	}
	leaves, _, err := r.blobs.Open(ctx, from.Blob)
	if errors.Is(err, blob.ErrNotFound) { // both are made again
		_, err := r.jobs.Order(ctx, w.DB, w.Slug, voting.LeavesJob, nil)
		return out, errors.Join(errLost, err)
	}
	if err != nil {
		return out, fmt.Errorf("export of %s: %w", w.Slug, err)
	}
	defer leaves.Close()
	out, err = r.stream(ctx, func(to io.Writer) (n int64, err error) {
		c := table.NewCSV(to)
		_ = c.Write("index", "period", "voter", "picks") // Flush tells of it
		lines := bufio.NewScanner(leaves)
		lines.Buffer(nil, ballotlog.MaxLeaf+1)
		for ; lines.Scan(); n++ {
			if n%stretch == 0 {
				if err := w.Progress(ctx, n, from.Rows); err != nil {
					return n, err
				}
			}
			leaf, err := ballotlog.Parse(lines.Text())
			if err != nil {
				return n, err
			}
			if b, ok := leaf.(ballotlog.Ballot); ok {
				_ = c.Write(strconv.FormatInt(n, 10), b.Period, hex.EncodeToString(b.Voter[:]), spaced(b.Picks))
			}
		}
		return n, errors.Join(lines.Err(), c.Flush())
	})
	if err == nil && out.Rows != from.Rows {
		err = fmt.Errorf("export of %s: %d ballots of %d", w.Slug, out.Rows, from.Rows)
	}
	return out, err
}

func spaced(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " ")
}

// stream writes a file into the blob store, without holding it.
func (r *Reader) stream(ctx context.Context, write func(io.Writer) (rows int64, err error)) (voting.Exported, error) {
	out := voting.Exported{}
	reader, writer := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffered := bufio.NewWriterSize(writer, 64<<10)
		var rows int64
		err := guard.Do("export", func() (err error) {
			rows, err = write(buffered)
			return err
		})
		if err == nil {
			err = buffered.Flush()
		}
		out.Rows = rows
		writer.CloseWithError(err)
	}()
	ref, err := r.blobs.Put(ctx, reader, maxExport)
	reader.CloseWithError(err) // where the store gave up, so does the writer
	<-done
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = errFull.Because(err)
	}
	if err != nil {
		return voting.Exported{}, fmt.Errorf("export: %w", err)
	}
	out.Blob = ref.Hash
	return out, nil
}
