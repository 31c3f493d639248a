// Package compute is `laurel compute`: the rulebook's engine on spreadsheets,
// by which anybody can check a published result.
package compute

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/file"
)

// Command is the command's flags.
type Command struct {
	Rulebook    string   `required:"" placeholder:"FILE" help:"Rulebook in YAML or JSON; only awards, panels, composite and quotas are needed."`
	Votes       string   `placeholder:"FILE" help:"CSV or XLSX: candidate,votes[,constituency]."`
	Scores      string   `placeholder:"FILE" help:"CSV or XLSX: panel,juror,candidate,criterion,score. A score may be recused, unassigned or abstained; a blank one is missing."`
	Ballots     string   `placeholder:"FILE" help:"CSV or XLSX of ranked ballots: a column a candidate, 1 first; blank or 'No opinion' is unranked."`
	Candidates  string   `placeholder:"FILE" help:"CSV or XLSX: candidate[,attribute…]. Without it the candidates are those of the other files."`
	Sheet       []string `placeholder:"NAME" sep:"none" help:"Sheet of the workbooks; votes=NAME, scores=NAME … of one of them. Needed where several sheets name the columns."`
	Format      string   `enum:"json,table,csv,xlsx" default:"table" help:"json, table, csv or xlsx."`
	Lang        string   `enum:",en,zh-CN" default:"" help:"Language of the reasons and the table: en or zh-CN. With it awards, panels and criteria have their titles, and the reasons of JSON are sentences; without it they are codes, and all else is English."`
	Output      string   `short:"o" placeholder:"FILE" help:"Where to write; standard output without it."`
	Lot         string   `placeholder:"VALUE" help:"Value that lots are drawn from, where the rulebook names its source or none."`
	Sensitivity bool     `help:"Also tell how far each weight can move before an award changes hands (json and table)."`
	Quotas      bool     `help:"Also tell how far each quota can move before an award changes hands (json and table)."`
	Result      string   `placeholder:"FILE" help:"Published result (result.json of a results page) that the files and what comes of them are held against, byte for byte; nothing else is written."`
	Budget      int64    `placeholder:"WORK" help:"How much work the search about quotas may do, instead of 100000000000; a minute or more."`
	Awards      string   `placeholder:"FILE" help:"CSV or XLSX: candidate,award. How the seats were filled by a decision, because the search about quotas ended undecided."`
	Changed     bool     `help:"What --awards has is another list than the rules make, by a decision: only the quotas are asked."`
	State       string   `placeholder:"FILE" help:"Keep what the search about quotas has found; the command, given again with a larger budget, goes on from there."`

	WhatIf WhatIf `embed:""`

	out io.Writer // standard output; set by tests
	err io.Writer // standard error, for progress; nil: the terminal, if it is one
}

// Run computes and writes the result. Every mistake in the files is reported,
// by file, line and column, before it fails.
func (c *Command) Run(ctx context.Context) error {
	defer limitMemory()()
	if c.Result != "" {
		return c.hold(ctx)
	}
	if err := c.WhatIf.check(c.Format); err != nil {
		return err
	}
	if c.Changed && c.Awards == "" {
		return errors.New("--changed: say with --awards what was decided")
	}
	if c.Awards != "" && (c.Sensitivity || c.Quotas || c.WhatIf.asked()) {
		return fmt.Errorf("--awards: what was decided hangs on no figure of the rulebook; leave --sensitivity, --quotas and what-ifs out")
	}
	rb, err := c.readRulebook()
	if err != nil {
		return err
	}
	in, seats, seen, err := c.readInput(ctx, rb)
	seen.tell(c.err)
	if err != nil {
		return err
	}
	out, err := c.compute(ctx, in, seats)
	if err != nil {
		return err
	}
	out.seen, out.speaker = seen, newSpeaker(c.Lang, rb)
	out.sentences = c.Lang != ""
	return c.write(out)
}

// softLimit is the memory in bytes from which on the collector works harder,
// so that the largest inputs stay below 500 MB.
const softLimit = 400 << 20

// limitMemory sets the soft limit, unless GOMEMLIMIT has one, until undone.
func limitMemory() (undo func()) {
	if own := debug.SetMemoryLimit(-1); own != math.MaxInt64 {
		return func() {}
	}
	debug.SetMemoryLimit(softLimit)
	return func() { debug.SetMemoryLimit(math.MaxInt64) }
}

func (c *Command) compute(ctx context.Context, in *ranking.Input, seats []ranking.Seat) (out output, err error) {
	searching := c.newSearching(ctx)
	defer searching.done()
	options := ranking.Options{Lot: c.Lot, Budget: c.Budget, Progress: searching.tell, Seats: seats, Changed: c.Changed}
	if err := searching.load(); err != nil {
		return out, err
	}
	scenario, err := c.WhatIf.scenario(in)
	if err != nil {
		return out, err
	}
	var before []ranking.AwardList
	if c.WhatIf.asked() {
		own, err := in.Compute(options, ranking.Scenario{})
		if err != nil {
			return out, advised(err, in, options)
		}
		before = own.Awards
	}
	resumed := options
	resumed.Checkpoint = searching.state
	out.Outcome, err = in.Compute(resumed, scenario)
	if failed := searching.save(); failed != nil {
		err = errors.Join(err, failed)
	}
	if err != nil {
		return out, advised(err, in, options)
	}
	if c.WhatIf.asked() {
		out.trial = &trial{c.WhatIf.Weight, c.WhatIf.Convert, c.WhatIf.WithoutJuror, changes(before, out.Awards)}
	}
	if c.Sensitivity {
		if out.sensitivity, err = in.Sensitivities(options, scenario); err != nil {
			return out, reported(err)
		}
	}
	if c.Quotas {
		if out.quotas, err = in.Quotas(options, scenario); err != nil {
			return out, reported(err)
		}
		out.rules = in.Rulebook().Quotas
	}
	return out, nil
}

func (c *Command) readRulebook() (*rulebook.Rulebook, error) {
	src, err := os.ReadFile(c.Rulebook)
	if err != nil {
		return nil, fmt.Errorf("rulebook: %w", err)
	}
	rb, err := rulebook.Parse(src)
	if err == nil {
		err = rb.CheckCompute()
	}
	if err != nil {
		p := problems{}
		p.add(c.Rulebook, fault.From(err))
		return nil, p.err()
	}
	return rb, nil
}

// output is what is written: the result, and what was asked for beside it.
type output struct {
	*ranking.Outcome

	speaker     *reason.Speaker
	sentences   bool // also in JSON
	seen        seen
	trial       *trial // nil: it is the rulebook's own result
	sensitivity []ranking.Sensitivity
	quotas      *ranking.QuotaReport // nil: not asked for
	rules       []rulebook.Quota
}

// write writes to standard output, or to a file that appears only when it is
// whole. What is no file, such as /dev/null or a pipe, is written to and stays what
// it is.
func (c *Command) write(out output) error {
	if c.Output == "" {
		w := c.out
		if w == nil {
			w = os.Stdout
		}
		return format(w, c.Format, out)
	}
	if there, err := os.Stat(c.Output); err == nil && !there.Mode().IsRegular() {
		f, err := os.OpenFile(c.Output, os.O_WRONLY, 0)
		if err == nil {
			err = errors.Join(format(f, c.Format, out), f.Close())
		}
		if err != nil {
			return fmt.Errorf("write result: %w", err)
		}
		return nil
	}
	if err := file.Write(c.Output, 0o644, func(f *os.File) error { return format(f, c.Format, out) }); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}
