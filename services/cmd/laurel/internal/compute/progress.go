package compute

import (
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/laurel-awards/laurel/pkg/ranking"
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
// quotas has used.
type searching struct {
	c   *Command
	bar progress
}

func (c *Command) newSearching() *searching { return &searching{c: c} }

func (s *searching) tell(p ranking.Progress) {
	if s.bar.bar == nil {
		s.bar = s.c.bar(p.Budget, "searching", false)
	}
	if s.bar.bar != nil {
		_ = s.bar.bar.Set64(min(p.Work, p.Budget)) // only a display
	}
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
