package compute

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// progress shows on a terminal how much of the files has been read.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress shows nothing where standard error is not a terminal.
func (c *Command) newProgress(total int64) progress {
	w := c.err
	if w == nil {
		info, err := os.Stderr.Stat()
		if err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return progress{}
		}
		w = os.Stderr
	}
	return progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowBytes(true), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
	)}
}

func (p progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish() // only a display
	}
}

// counted is a file whose reading moves the bar.
type counted struct {
	io.ReadSeeker

	bar  progress
	read int64 // since the bar moved
}

// step is after how many bytes the bar moves.
const step = 1 << 20

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadSeeker.Read(b)
	if c.read += int64(n); c.bar.bar != nil && c.read >= step {
		_ = c.bar.bar.Add64(c.read) // only a display
		c.read = 0
	}
	return n, err
}
