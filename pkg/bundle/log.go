package bundle

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Rules are what a rulebook asks of the lines of a ballot log.
func Rules(r rulebook.Voting) ballotlog.Rules {
	return ballotlog.Rules{Periods: r.Frequency, Adds: r.Change == rulebook.ChangeAdd, Min: r.Picks.Min, Max: r.Picks.Max}
}

// log holds the lines of the ballot log to its checkpoint, recounts them, and
// looks whether the rulebook allows them.
func (c *checker) log() error {
	if len(c.rb.Voting.Voters) == 0 {
		for _, name := range []string{LeavesPart, CheckpointPart, KeyPart} {
			if c.has(name) {
				return fail("part_idle", text("part", name))
			}
		}
		return nil
	}
	listed, err := c.read(KeyPart, maxManifest)
	if err != nil {
		return err
	}
	if c.keys, err = listedKeys(listed); err != nil {
		return broken(KeyPart, err)
	}
	signed, err := c.read(CheckpointPart, maxManifest)
	if err != nil {
		return err
	}
	if c.head, err = c.keys.Open(string(signed)); err != nil {
		return broken(CheckpointPart, err)
	}
	by, _, err := c.keys.Signed(string(signed))
	if err == nil {
		_, err = c.keys.OpenNote(string(signed))
	}
	if err != nil {
		return broken(CheckpointPart, err)
	}
	if want := ballotlog.CheckpointOrigin(c.Slug); c.head.Origin != want || !c.head.At.IsZero() {
		return broken(CheckpointPart, fmt.Errorf("it is of %q, not of %q", c.head.Origin, want))
	}
	if !c.has(LeavesPart) {
		return fail("part_missing", text("part", LeavesPart))
	}
	c.recount, err = ballotlog.Count(c.reader(LeavesPart), Rules(c.rb.Voting))
	if err == nil {
		err = c.recount.CheckHead(c.head)
	}
	if err != nil {
		return broken(LeavesPart, err)
	}
	c.Votes = c.recount.Votes
	c.hold("log", count("n", c.head.N), text("root", c.head.Hash.String()), text("keys", by...))
	c.hold("ballots", count("ballots", c.recount.Ballots), count("voters", c.recount.Voters))
	for _, gone := range c.recount.Removed {
		c.hold("removed", count("line", gone.Index), text("reason", gone.Reason))
	}
	if cast := c.recount.Ballots + int64(len(c.recount.Removed)); c.results.Ballots != cast {
		return differs("ballots", c.results.Ballots, cast)
	}
	return nil
}

// differs is a field of the published result that is another one.
func differs(field string, told, is any) *Failure {
	return fail("result_field", text("field", field), text("told", brief(told)), text("is", brief(is)))
}

// brief is a value as far as a reader looks.
func brief(v any) string {
	const most = 300 // bytes
	if s := fmt.Sprint(v); len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprint(v)
}

// tally holds the votes to the recount.
func (c *checker) tally() error {
	src, err := c.read(VotesPart, maxSmall)
	if err != nil {
		return err
	}
	if c.votes, err = ReadVotes(src); err != nil {
		return broken(VotesPart, err)
	}
	var struck []int
	for _, n := range slices.Sorted(maps.Keys(c.recount.Votes)) {
		if _, listed := c.votes[n]; !listed {
			struck = append(struck, n)
			c.leave("struck", reason.Number("candidate", reason.Candidate, n), count("votes", c.recount.Votes[n]))
		}
	}
	if err := c.recount.CheckVotes(c.votes, struck); err != nil {
		return broken(VotesPart, err)
	}
	if len(c.rb.Voting.Voters) > 0 {
		c.hold("votes", count("n", len(c.votes)))
	}
	return nil
}

// ReadVotes reads candidate,votes: the votes by candidate's number.
func ReadVotes(data []byte) (map[int]int64, error) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], []string{"candidate", "votes"}) {
		return nil, errors.New("it has other columns than candidate and votes")
	}
	votes := make(map[int]int64, len(rows))
	for i, row := range rows[1:] {
		n, err1 := strconv.Atoi(row[0])
		v, err2 := strconv.ParseInt(row[1], 10, 64)
		_, twice := votes[n]
		if err := errors.Join(err1, err2); err != nil || n < 1 || v < 0 || twice || strconv.Itoa(n) != row[0] || strconv.FormatInt(v, 10) != row[1] {
			return nil, fmt.Errorf("line %d: %q is not one candidate's number and votes", i+2, row)
		}
		votes[n] = v
	}
	return votes, nil
}
