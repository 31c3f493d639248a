// Package verify checks an exported ballot log without any service: the lines
// are those that were signed, nobody voted twice, and the sums are right.
package verify

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Command is `laurel verify`.
type Command struct {
	Files     []string `arg:"" name:"file" type:"existingfile" help:"Leaves, checkpoint and public key of the ballot log; also votes, ballots, rulebook, receipts and statements to compare. They are told apart by what is in them."`
	Selection string   `help:"Slug of the selection whose log it must be; default: whichever was signed."`
	Struck    []int    `help:"Candidates who were struck: they have no votes in the result, and their ballots stay in the log."`

	out io.Writer
}

// files are the command's files by what is in them.
type files struct {
	leaves, ballots string // names: they may be large
	checkpoint, key []byte
	votes           map[int]int64 // nil: none given
	rulebook        *rulebook.Rulebook
	receipts        map[string]recorded // by file
	statements      map[string]string   // by file
}

// Run says what holds, or what does not.
func (c *Command) Run() error {
	if c.out == nil {
		c.out = os.Stdout
	}
	f, err := read(c.Files)
	if err != nil {
		return err
	}
	for name, missing := range map[string]bool{
		"leaves (GET …/log/leaves)": f.leaves == "", "checkpoint (GET …/log/checkpoint)": f.checkpoint == nil, "public key (GET …/log/key)": f.key == nil,
	} {
		if missing {
			err = errors.Join(err, fmt.Errorf("there is no file with the %s", name))
		}
	}
	if err != nil {
		return err
	}
	return c.check(f)
}

func (c *Command) check(f files) error {
	key, err := ballotlog.ParsePublicKey(string(f.key))
	if err != nil {
		return err
	}
	head, err := key.Open(string(f.checkpoint))
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	slug := c.Selection
	if slug == "" {
		slug = strings.TrimSuffix(strings.TrimPrefix(head.Origin, "laurel/"), "/ballots")
	}
	if head.Origin != ballotlog.CheckpointOrigin(slug) {
		return fmt.Errorf("the checkpoint is of %q, not of %q", head.Origin, ballotlog.CheckpointOrigin(slug))
	}
	recount, err := c.count(f, head)
	if err != nil {
		return err
	}
	for file, r := range f.receipts {
		if err := r.check(key, slug, head); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for file, text := range f.statements {
		if err := f.checkStatement(key, slug, text); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	c.report(f, slug, head, recount)
	return nil
}

// count recounts the leaves and compares them with all that is given.
func (c *Command) count(f files, head ballotlog.Head) (ballotlog.Recount, error) {
	rules := ballotlog.Rules{}
	if f.rulebook != nil {
		v := f.rulebook.Voting
		rules = ballotlog.Rules{Adds: v.Change == rulebook.ChangeAdd, Min: v.Picks.Min, Max: v.Picks.Max}
	}
	leaves, err := os.Open(f.leaves)
	if err != nil {
		return ballotlog.Recount{}, err
	}
	defer leaves.Close()
	recount, err := ballotlog.Count(leaves, rules)
	if err == nil {
		err = recount.CheckHead(head)
	}
	if err == nil && f.votes != nil {
		err = recount.CheckVotes(f.votes, c.Struck)
	}
	if err == nil && f.ballots != "" {
		err = compare(f.ballots, f.leaves)
	}
	return recount, err
}

func (c *Command) report(f files, slug string, head ballotlog.Head, r ballotlog.Recount) {
	say := func(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }
	say("The ballot log of %s holds.", slug)
	say("  %d lines are those of the signed root %s", head.N, head.Hash)
	say("  %d ballots, %d removed; one voter, one period, at most once: %d", r.Ballots, r.Removed, r.Voters)
	if f.rulebook != nil {
		say("  the picks keep to the rulebook")
	}
	if f.ballots != "" {
		say("  the exported ballots are the lines")
	}
	for _, file := range slices.Sorted(maps.Keys(f.receipts)) {
		say("  receipt %s is proved", f.receipts[file].Receipt)
	}
	for _, file := range slices.Sorted(maps.Keys(f.statements)) {
		say("  statement %s is borne out: %s", file, strings.Join(stated(f.statements[file]), "; "))
	}
	if f.votes != nil {
		say("  the votes of %d candidates are the sums of the ballots", len(f.votes))
		return
	}
	say("  the sums, which were compared with nothing:")
	for _, n := range slices.Sorted(maps.Keys(r.Votes)) {
		say("%6d %d", n, r.Votes[n])
	}
}
