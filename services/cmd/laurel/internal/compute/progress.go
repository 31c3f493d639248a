package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/file"
)

// progress is a bar on a terminal, or nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress shows how much of the files has been read.
func (c *Command) newProgress(total int64) progress { return c.bar(total, "reading", true) }

// bar shows nothing where standard error is not a terminal.
func (c *Command) bar(total int64, what string, isBytes bool) progress {
	w := c.err
	if w == nil {
		info, err := os.Stderr.Stat()
		if err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return progress{}
		}
		w = os.Stderr
	}
	return progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(isBytes), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
	)}
}

// searching shows on a terminal how much of its budget a long search about
// quotas has used, and keeps what it has found.
type searching struct {
	ctx   context.Context
	c     *Command
	bar   progress
	state *ranking.Checkpoint // nil: nothing is kept
	saved time.Time
}

// saving is how long a search goes on before what it has found is written.
const saving = 10 * time.Second

func (c *Command) newSearching(ctx context.Context) *searching {
	return &searching{ctx: ctx, c: c, saved: time.Now()}
}

func (s *searching) tell(p ranking.Progress) error {
	if s.bar.bar == nil {
		s.bar = s.c.bar(p.Budget, "searching", false)
	}
	if s.bar.bar != nil {
		_ = s.bar.bar.Set64(min(p.Work, p.Budget)) // only a display
	}
	if time.Since(s.saved) > saving {
		if err := s.save(); err != nil {
			return err
		}
		s.saved = time.Now()
	}
	return s.ctx.Err()
}

// load reads what an earlier search has kept.
func (s *searching) load() error {
	if s.c.State == "" {
		return nil
	}
	s.state = new(ranking.Checkpoint)
	data, err := os.ReadFile(s.c.State)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, s.state)
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// save writes what there is to keep; a file that is there is replaced as a whole.
func (s *searching) save() error {
	if s.state == nil || s.state.Empty() {
		return nil
	}
	data, err := json.Marshal(s.state)
	if err == nil {
		err = file.Write(s.c.State, 0o600, func(f *os.File) error { _, err := f.Write(data); return err })
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (s *searching) done() { s.bar.done() }

func (p progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish() // only a display
	}
}

// counted is a file whose reading moves the bar.
type counted struct {
	*os.File

	bar  progress
	read int64 // since the bar moved
}

// step is after how many bytes the bar moves.
const step = 1 << 20

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.File.Read(b)
	c.count(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.File.ReadAt(b, at)
	c.count(n)
	return n, err
}

func (c *counted) count(n int) {
	if c.read += int64(n); c.bar.bar != nil && c.read >= step {
		_ = c.bar.bar.Add64(c.read) // only a display
		c.read = 0
	}
}
