// Package witness follows a ballot log from outside: it keeps every checkpoint
// that it has seen, proves that each grew out of the one before, and raises
// an alarm at a contradiction.
package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/gateway/client"
)

// Command is `laurel witness`.
type Command struct {
	URL       string        `required:"" placeholder:"URL" help:"Where the log is served, https://…"`
	Selection string        `required:"" placeholder:"SLUG" help:"Slug of the selection whose log is followed."`
	Dir       string        `default:"witness" type:"path" help:"Where checkpoints, keys and evidence are kept, in a folder of the selection."`
	Once      bool          `help:"Look once and end, rather than follow."`
	Every     time.Duration `default:"10s" help:"Time between two looks."`
	Key       string        `type:"existingfile" help:"File with the log's public keys. Default: those of the first look, kept from then on."`
	AcceptKey bool          `help:"Take the keys that the log lists now, though none that is known handed over to them. Compare them with what the organizers published first."`
	Receipt   string        `help:"A receipt whose ballot must come into the log with what is published from a minute after the first look on."`
	Recount   bool          `help:"When the tally is final, fetch all lines, recount them, and end."`
	Log       config.Log    `embed:"" prefix:"log-"`

	out   io.Writer
	log   *slog.Logger
	now   func() time.Time
	pause time.Duration // before the first retry
}

const (
	// firstPause doubles with every failure, up to longestPause.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// tries is how often a single look is tried.
	tries = 5
)

// Alarm is a contradiction that the log cannot explain away. The program ends
// with status 2.
type Alarm struct {
	Reason   string
	Evidence string // folder
}

// Error implements error.
func (a *Alarm) Error() string {
	return fmt.Sprintf("ALARM: the ballot log contradicts itself: %s; the evidence is in %s", a.Reason, a.Evidence)
}

// ExitCode is the program's status.
func (*Alarm) ExitCode() int { return 2 }

// Run follows the log until ctx ends, the log contradicts itself, or there is
// no more to do. A server that does not answer is asked again; that is no
// contradiction.
func (c *Command) Run(ctx context.Context) error {
	c.defaults()
	w, err := c.open()
	if err != nil {
		return err
	}
	defer w.store.close()
	for failures := 0; ; {
		pause := c.Every
		done, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && (done || c.Once):
			return nil
		case err == nil:
			failures = 0
		case !passing(err) || c.Once && failures == tries:
			return err
		default:
			pause = min(c.pause<<min(failures, 16), longestPause)
			failures++
			c.log.WarnContext(ctx, "the log cannot be read", "again_in", pause, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (c *Command) defaults() {
	if c.out == nil {
		c.out = os.Stdout
	}
	if c.log == nil {
		c.log = c.Log.Logger()
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.pause == 0 {
		c.pause = firstPause
	}
}

// open takes up where the last run ended.
func (c *Command) open() (*watch, error) {
	s, err := openStore(filepath.Join(c.Dir, c.Selection))
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	w := &watch{Command: c, api: client.New(c.URL), store: s, accept: c.AcceptKey, receipt: c.Receipt}
	if err := w.resume(); err != nil {
		s.close()
		return nil, fmt.Errorf("witness: %w", err)
	}
	return w, nil
}

// passing tells whether trying again may help.
func passing(err error) bool {
	return errors.Is(err, errBehind) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.TooMany) || fault.Is(err, fault.Internal)
}
