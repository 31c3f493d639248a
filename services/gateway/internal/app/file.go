package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// File is a file of so many bytes, or the job that makes it.
type File struct {
	Body io.ReadCloser // nil while Job is at it
	Size int64
	Job  *gateway.Job
}

// A file may take as long as it is large: the ballots of millions of voters do not
// go through every line in the time of other answers. Who takes longer for a part
// of it is let go: 140 kbit/s are enough.
const (
	partOfFile = 1 << 20 // bytes
	partTime   = time.Minute
)

// Send writes the file part by part, each within its time, and closes it.
func (f File) Send(w io.Writer, conn *http.ResponseController) error {
	defer f.Body.Close()
	for {
		if err := conn.SetWriteDeadline(time.Now().Add(partTime)); err != nil {
			return err
		}
		if _, err := io.CopyN(w, f.Body, partOfFile); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// The files that are sent at a time: who is refused comes again, and ballots
// have the network and the disk meanwhile.
const (
	maxFiles       = 64
	maxFilesByHost = 4
)

const (
	// madeTTL is how long it is known which file a job has made, or how far it is:
	// however many ask, a room is asked four times a second.
	madeTTL = 250 * time.Millisecond
	// publishedTTL is how long a published result is kept; it never changes.
	publishedTTL = time.Minute
)

var (
	errFilesByHost = fault.New(fault.TooMany, "too_many_files", "so many files are being sent to this address that it has to wait for one to end")
	errFiles       = fault.NewUnavailable("too_many_files", "so many files are being sent that this one has to wait for one to end", 5*time.Second)
	// params done, total
	errFilesPending = fault.NewUnavailable("files_pending",
		"the files that everybody may read from then on are still being made; try again in a moment", 2*time.Second)
)

// sending counts the files that are being sent, by address.
type sending struct {
	mu     sync.Mutex
	all    int
	byHost map[string]int
}

// begin counts a file; end must be called once.
func (s *sending) begin(host string) (end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byHost[host] >= maxFilesByHost:
		return nil, errFilesByHost
	case s.all >= maxFiles:
		return nil, errFiles
	}
	s.all++
	s.byHost[host]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.byHost[host]--; s.byHost[host] == 0 {
			delete(s.byHost, host)
		}
	}), nil
}

// sent is a file whose end is counted.
type sent struct {
	io.ReadCloser

	end func()
}

func (s sent) Close() error {
	defer s.end()
	return s.ReadCloser.Close()
}

// open opens a file of a service's. Faults: too_many_files, and the store's.
func (a *App) open(ctx context.Context, service, hash string) (File, error) {
	end, err := a.sending.begin(CallerOf(ctx).Address)
	if err != nil {
		return File{}, err
	}
	body, size, err := a.blobs.In(service).Open(ctx, hash)
	if err != nil {
		end()
		return File{}, fmt.Errorf("open a file: %w", err)
	}
	return File{Body: sent{body, end}, Size: size}, nil
}

// madeKey names a file that a job of the voting room makes.
func madeKey(slug, kind string) string { return kind + "/" + slug }

// askMade asks the voting room for a file that a job makes.
func (a *App) askMade(ctx context.Context, key string) (voting.Exported, error) {
	kind, slug, _ := strings.Cut(key, "/")
	if kind == voting.LeavesJob {
		return a.voting.ExportLeaves(ctx, voting.Of{Slug: slug})
	}
	return a.voting.ExportBallots(ctx, voting.Of{Slug: slug})
}

// made opens a file that a job makes once the tally is sealed.
func (a *App) made(ctx context.Context, slug, kind string) (File, error) {
	out, err := a.files.Get(ctx, madeKey(slug, kind))
	if err != nil {
		return File{}, err
	}
	if out.Job != nil {
		return File{Job: toldJob(voting.Name, *out.Job)}, nil
	}
	return a.open(ctx, voting.Name, out.Blob)
}

// filesMade waits until what everybody may read of a published result is there,
// so that no link of it leads to a file that is still being made. A selection
// whose tally is not sealed is refused by the room that publishes.
func (a *App) filesMade(ctx context.Context, slug string) error {
	deadline := time.Now().Add(a.cfg.PhaseWait)
	for _, kind := range []string{voting.LeavesJob, voting.BallotsJob} {
		for {
			out, err := a.askMade(ctx, madeKey(slug, kind))
			if errors.Is(err, voting.ErrUnsealed) || errors.Is(err, voting.ErrNotYet) {
				return nil
			}
			if err != nil {
				return err
			}
			if out.Job == nil {
				break
			}
			if time.Now().After(deadline) || !pause.For(ctx, 50*time.Millisecond) {
				f := errFilesPending.With("done", strconv.FormatInt(out.Job.Done, 10)).With("total", strconv.FormatInt(out.Job.Total, 10))
				if out.Job.Fault != nil {
					f = f.With("code", out.Job.Fault.Code)
				}
				return f
			}
		}
	}
	return nil
}

// Job tells how far long work of a room is, and where its file is once it is
// done.
func (a *App) Job(ctx context.Context, slug, service, id string) (gateway.Job, error) {
	ctx, err := a.may(ctx, ReadJob, slug, "")
	if err != nil {
		return gateway.Job{}, err
	}
	if service != voting.Name && service != selection.Name { // the others have no work that everybody may know of
		return gateway.Job{}, job.ErrUnknown
	}
	j, err := bus.Call[job.Job](ctx, a.bus, service, run.GetJob, run.OfJob{Slug: slug, Job: id})
	if err != nil {
		return gateway.Job{}, err
	}
	return *toldJob(service, j), nil
}

// toldJob is a room's job as the API tells it.
func toldJob(service string, j job.Job) *gateway.Job {
	told := &gateway.Job{
		ID: j.ID, Slug: j.Slug, Service: service, Kind: j.Kind, State: j.State, Done: j.Done, Total: j.Total, Attempts: j.Attempts,
		CreatedAt: j.CreatedAt, StartedAt: j.StartedAt, EndedAt: j.EndedAt,
	}
	if j.Fault != nil {
		told.Code, told.Message = j.Fault.Code, j.Fault.Message
	}
	return told
}
