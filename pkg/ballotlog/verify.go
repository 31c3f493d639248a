package ballotlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrExport is an export that does not hold.
var ErrExport = errors.New("the export does not hold")

// Daily are the periods of a vote that begins anew each day.
const Daily = "daily"

// Rules are what a rulebook asks of the ballots of one voter in one period
// taken together. The zero value asks for one ballot, of any length.
type Rules struct {
	Periods  string // Once or Daily; empty: not checked
	Adds     bool   // further ballots may add picks
	Min, Max int    // picks; 0: not checked
}

// period tells what is wrong with a ballot's.
func (r Rules) period(name string) error {
	if r.Periods != "" && (r.Periods == Once) != (name == Once) {
		return fmt.Errorf("its period is %s; the rulebook's frequency is %s", name, r.Periods)
	}
	return nil
}

// Recount is what an export's leaves say.
type Recount struct {
	Tree    tlog.Tree
	Ballots int64         // removed ones not among them
	Voters  int64         // pairs of a voter and a period
	Votes   map[int]int64 // by candidate number, removed ballots taken off
	Removed []Removal     // of ballots, in the order of the log
}

// Count reads leaves, one a line, in the order of the log: it hashes and counts
// them, and refuses what breaks a rule, naming the line. It holds the voters
// and the picks in memory, some 150 bytes a ballot. ErrExport.
func Count(leaves io.Reader, rules Rules) (Recount, error) {
	c := counter{rules: rules, votes: map[int]int64{}, voters: map[voter][]int{}}
	var edge Edge
	if err := eachLine(leaves, func(text string) error {
		leaf, err := Parse(text)
		if err == nil {
			err = c.add(leaf)
		}
		edge.Append(Hash([]byte(text)), nil)
		return err
	}); err != nil {
		return Recount{}, err
	}
	if err := c.finish(); err != nil {
		return Recount{}, fmt.Errorf("%w: %w", ErrExport, err)
	}
	return Recount{edge.Tree(), c.ballots - int64(len(c.removed)), int64(len(c.voters)), c.votes, c.removals}, nil
}

// eachLine gives the lines of an export. ErrExport names the one at fault.
func eachLine(leaves io.Reader, each func(text string) error) error {
	lines := bufio.NewScanner(leaves)
	lines.Buffer(make([]byte, 0, 4096), MaxLeaf+1)
	lines.Split(wholeLines)
	n := 0
	for ; lines.Scan(); n++ {
		if err := each(lines.Text()); err != nil {
			return fmt.Errorf("%w: leaf %d (line %d): %w", ErrExport, n, n+1, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: leaf %d: %w", ErrExport, n, err)
	}
	return nil
}

// wholeLines splits at line feeds; the last line has one too.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexByte(data, '\n')
	switch {
	case i >= 0:
		return i + 1, data[:i], nil
	case atEOF && len(data) > 0:
		return 0, nil, errors.New("it breaks off within a line")
	}
	return 0, nil, nil
}

type voter struct {
	period string
	name   [id]byte
}

// counter has seen the leaves so far.
type counter struct {
	rules    Rules
	ballots  int64
	picks    [][]int // by index; nil: a removal
	removed  map[int64]bool
	removals []Removal
	votes    map[int]int64
	voters   map[voter][]int // all picks of the period
	periods  map[string]string
}

func (c *counter) add(l Leaf) error {
	if r, ok := l.(Removal); ok {
		c.picks = append(c.picks, nil)
		return c.remove(r)
	}
	b := l.(Ballot)
	if err := c.rules.period(b.Period); err != nil {
		return err
	}
	c.picks = append(c.picks, b.Picks)
	who := voter{c.intern(b.Period), b.Voter}
	earlier, again := c.voters[who]
	if again && !c.rules.Adds {
		return fmt.Errorf("voter %x has two ballots in period %s", b.Voter, b.Period)
	}
	for _, n := range b.Picks {
		if slices.Contains(earlier, n) {
			return fmt.Errorf("voter %x picks candidate %d twice in period %s", b.Voter, n, b.Period)
		}
		c.votes[n]++
	}
	all := b.Picks
	if again {
		all = slices.Concat(earlier, b.Picks)
	}
	if c.rules.Max > 0 && len(all) > c.rules.Max {
		return fmt.Errorf("voter %x has %d picks in period %s; the rulebook allows %d", b.Voter, len(all), b.Period, c.rules.Max)
	}
	c.voters[who] = all
	c.ballots++
	return nil
}

// intern keeps one copy of each period's name.
func (c *counter) intern(period string) string {
	if kept, ok := c.periods[period]; ok {
		return kept
	}
	if c.periods == nil {
		c.periods = map[string]string{}
	}
	period = strings.Clone(period)
	c.periods[period] = period
	return period
}

func (c *counter) remove(r Removal) error {
	if r.Index >= int64(len(c.picks)) || c.picks[r.Index] == nil {
		return fmt.Errorf("it removes leaf %d, which is no earlier ballot", r.Index)
	}
	if c.removed[r.Index] {
		return fmt.Errorf("it removes leaf %d once more", r.Index)
	}
	if c.removed == nil {
		c.removed = map[int64]bool{}
	}
	c.removed[r.Index], c.removals = true, append(c.removals, r)
	for _, n := range c.picks[r.Index] {
		if c.votes[n]--; c.votes[n] == 0 {
			delete(c.votes, n)
		}
	}
	return nil
}

// finish checks what can only be said at the end.
func (c *counter) finish() error {
	if c.rules.Min <= 1 {
		return nil
	}
	for who, picks := range c.voters {
		if len(picks) < c.rules.Min {
			return fmt.Errorf("voter %x has %d picks in period %s; the rulebook asks for %d", who.name, len(picks), who.period, c.rules.Min)
		}
	}
	return nil
}

// CheckHead tells whether the leaves are those of a checkpoint. ErrExport.
func (r Recount) CheckHead(h Head) error {
	switch {
	case h.N != r.Tree.N:
		return fmt.Errorf("%w: the checkpoint is of %d leaves, there are %d", ErrExport, h.N, r.Tree.N)
	case h.Hash != r.Tree.Hash:
		return fmt.Errorf("%w: the leaves' root is %s, the checkpoint's %s", ErrExport, r.Tree.Hash, h.Hash)
	}
	return nil
}

// CheckVotes tells whether the recount gives the votes, one number for each
// candidate on the list. Struck candidates have none; their ballots stay in the
// log. ErrExport.
func (r Recount) CheckVotes(votes map[int]int64, struck []int) error {
	all := slices.Concat(slices.Collect(maps.Keys(votes)), slices.Collect(maps.Keys(r.Votes)))
	slices.Sort(all)
	for _, n := range slices.Compact(all) {
		told, listed := votes[n]
		off := slices.Contains(struck, n)
		switch {
		case listed && off:
			return fmt.Errorf("%w: candidate %d is said to be struck, and has votes", ErrExport, n)
		case !listed && !off:
			return fmt.Errorf("%w: candidate %d has %d votes in the log and is not among the votes", ErrExport, n, r.Votes[n])
		case listed && told != r.Votes[n]:
			return fmt.Errorf("%w: candidate %d has %d votes, the recount gives %d", ErrExport, n, told, r.Votes[n])
		}
	}
	return nil
}
