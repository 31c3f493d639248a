// Package verify checks the bundle of a published result without any service, or
// an exported ballot log by its files: the lines are those that were signed, nobody
// voted twice, and the sums are right. It believes nothing that it is given: what it
// could not check, it says.
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
	"github.com/laurel-awards/laurel/pkg/bundle"
)

// Command is `laurel verify`.
type Command struct {
	Files        []string `arg:"" name:"file" help:"The bundle of a published result (ZIP), and receipts beside it; or leaves, checkpoint and public key of the ballot log; also votes, scores, ballots, rulebook, selection, results, receipts and statements. They are told apart by what is in them."`
	Selection    string   `help:"Slug of the selection whose log it must be; default: whichever was signed."`
	RulebookHash string   `help:"Hash of the frozen rulebook as it was published, hex; the files of the selection and of its results have it too."`
	Struck       []int    `help:"Candidates who were struck: they have no votes in the result, and their ballots stay in the log."`
	Key          string   `placeholder:"FILE" help:"Public keys by which the installation signs bundles, as it publishes them (GET /api/v1/bundle-key); without it those in the bundle."`
	Budget       int64    `placeholder:"WORK" help:"How much work the search about a bundle's quotas may do, instead of 100000000000; a minute or more."`
	Lang         string   `enum:",en,zh-CN" default:"" help:"Language in which a bundle's checks are told: en or zh-CN. Default: en."`

	out io.Writer
}

// The program's status, where not all holds.
const (
	exitRefused = 1 // something does not hold: a file was changed, or is of something else
	exitBroken  = 2 // what was signed contradicts itself: a broken promise, or two logs
	exitUnread  = 3 // nothing was checked: a file is missing, or cannot be read
)

// refusal ends the program with a status.
type refusal struct {
	error

	status int
}

// ExitCode is the program's status.
func (r refusal) ExitCode() int { return r.status }

// Unwrap gives what is behind it.
func (r refusal) Unwrap() error { return r.error }

// Run says what holds, or what does not.
func (c *Command) Run() error {
	if c.out == nil {
		c.out = os.Stdout
	}
	if i := slices.IndexFunc(c.Files, isBundle); i >= 0 {
		return c.bundle(c.Files[i])
	}
	f, err := read(c.Files)
	if err == nil {
		err = f.complete()
	}
	if err != nil {
		return refusal{err, exitUnread}
	}
	v := &verifier{Command: c, files: f}
	if err := v.check(); err != nil {
		if errors.As(err, new(refusal)) {
			return err
		}
		return refusal{err, exitRefused}
	}
	v.report()
	return nil
}

// verifier is one run.
type verifier struct {
	*Command
	files

	keys      ballotlog.PublicKey
	slug      string
	head      ballotlog.Head
	recount   ballotlog.Recount
	holds     []string // what was found to hold
	unchecked []string // what was not checked
}

func (v *verifier) hold(format string, args ...any) {
	v.holds = append(v.holds, fmt.Sprintf(format, args...))
}

func (v *verifier) leave(format string, args ...any) {
	v.unchecked = append(v.unchecked, fmt.Sprintf(format, args...))
}

func (v *verifier) check() error {
	for _, check := range []func() error{
		v.checkKeys, v.checkCheckpoint, v.checkRulebook, v.checkLeaves, v.checkVotes, v.checkPublished, v.checkReceipts, v.checkStatements,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkKeys reads the keys. Nothing here tells whose they are.
func (v *verifier) checkKeys() (err error) {
	if v.keys, err = ballotlog.ParsePublicKey(string(v.key.text)); err != nil {
		return v.key.fault(err)
	}
	v.leave("whose keys these are: compare them with what the organizers published: %s", strings.Join(v.keys.Texts(), ", "))
	if !strings.Contains(string(v.key.text), "\n\n") {
		return nil
	}
	_, others, err := v.keys.Signed(strings.TrimSpace(string(v.key.text)) + "\n")
	v.others(v.key, others)
	return err
}

// others says that signatures were not looked at.
func (v *verifier) others(f file, n int) {
	if n > 0 {
		v.leave("%s: %d of the signatures, which are of none of the keys", f.name, n)
	}
}

func (v *verifier) checkCheckpoint() (err error) {
	if v.head, err = v.keys.Open(string(v.checkpoint.text)); err != nil {
		return v.checkpoint.fault(err)
	}
	by, others, err := v.keys.Signed(string(v.checkpoint.text))
	if err != nil {
		return v.checkpoint.fault(err)
	}
	v.others(v.checkpoint, others)
	if v.slug = v.Selection; v.slug == "" {
		v.slug = strings.TrimSuffix(strings.TrimPrefix(v.head.Origin, "laurel/"), "/ballots")
	}
	switch want := ballotlog.CheckpointOrigin(v.slug); {
	case v.head.Origin != want:
		return v.checkpoint.fault(fmt.Errorf("it is of %q, not of %q", v.head.Origin, want))
	case !v.head.At.IsZero():
		return v.checkpoint.fault(errors.New("it has a fourth line; a checkpoint has three"))
	}
	v.hold("%d lines are those of the root %s, signed by %s", v.head.N, v.head.Hash, strings.Join(by, ", "))
	v.leave("whether others are shown the same checkpoint: compare it with theirs, or with a witness")
	return nil
}

// checkLeaves recounts the leaves, and compares them with what is signed and
// with the exported ballots.
func (v *verifier) checkLeaves() error {
	rules := ballotlog.Rules{}
	if v.rulebook != nil {
		rules = bundle.Rules(v.rulebook.Voting)
	}
	leaves, err := os.Open(v.leaves)
	if err != nil {
		return err
	}
	defer leaves.Close()
	v.recount, err = ballotlog.Count(leaves, rules)
	if err == nil {
		err = v.recount.CheckHead(v.head)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", v.leaves, err)
	}
	v.hold("%d ballots; one voter, one period, at most once: %d", v.recount.Ballots, v.recount.Voters)
	for _, r := range v.recount.Removed {
		v.hold("the ballot of line %d was taken out of the count: %s", r.Index, r.Reason)
	}
	if v.ballots == "" {
		return nil
	}
	if err := compare(v.ballots, v.leaves); err != nil {
		return fmt.Errorf("%s: %w", v.ballots, err)
	}
	v.hold("the exported ballots are the lines")
	return nil
}

func (v *verifier) checkVotes() error {
	if v.votes == nil {
		if len(v.Struck) > 0 {
			v.leave("who was struck, which says nothing where no votes are given")
		}
		return nil
	}
	if err := v.recount.CheckVotes(v.votes.of, v.Struck); err != nil {
		return v.votes.fault(err)
	}
	v.hold("the votes of %d candidates are the sums of the ballots", len(v.votes.of))
	for _, n := range v.Struck {
		v.leave("that candidate %d was struck, whose %d votes are not in the result", n, v.recount.Votes[n])
	}
	return nil
}

func (v *verifier) checkStatements() error {
	for _, s := range v.statements {
		read, err := v.keys.OpenStatement(string(s.text), v.slug)
		if err != nil {
			return s.fault(err)
		}
		_, others, err := v.keys.Signed(string(s.text))
		if err != nil {
			return s.fault(err)
		}
		v.others(s, others)
		leaves, err := os.Open(v.leaves)
		if err != nil {
			return err
		}
		defer leaves.Close()
		if err := read.Check(leaves); err != nil { // both are signed
			return refusal{s.fault(err), exitBroken}
		}
		var lines []string
		for _, e := range read.Entries {
			lines = append(lines, e.String())
		}
		v.hold("statement %s is borne out: %s", s.name, strings.Join(lines, "; "))
		v.leave("%s: that the pseudonyms are those of one voter, and when it was signed", s.name)
	}
	return nil
}

func (v *verifier) report() {
	say := func(format string, args ...any) { fmt.Fprintf(v.out, format+"\n", args...) }
	say("The ballot log of %s holds.", v.slug)
	for _, line := range v.holds {
		say("  %s", line)
	}
	if v.votes == nil {
		v.leave("the sums, for no votes were given:")
	}
	say("Not checked:")
	for _, line := range v.unchecked {
		say("  %s", line)
	}
	if v.votes == nil {
		for _, n := range slices.Sorted(maps.Keys(v.recount.Votes)) {
			say("%6d %d", n, v.recount.Votes[n])
		}
	}
}
