package verify

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// maxSmall is the largest file in bytes, except leaves and ballots.
const maxSmall = 16 << 20

// The kinds of files.
const (
	kindLeaves     = "leaves"
	kindBallots    = "ballots"
	kindStatement  = "statement"
	kindCheckpoint = "checkpoint"
	kindKey        = "key"
	kindVotes      = "votes"
	kindScores     = "scores"
	kindReceipt    = "receipt"
	kindResults    = "results"
	kindSelection  = "selection"
	kindRulebook   = "rulebook"
)

// file is one that was given.
type file struct {
	name string
	text []byte
}

// fault says which file something is wrong with.
func (f file) fault(err error) error { return fmt.Errorf("%s: %w", f.name, err) }

// votes are the published sums.
type votes struct {
	file
	of map[int]int64 // by candidate
}

// book is the rulebook.
type book struct {
	file
	*rulebook.Rulebook
}

// files are the command's files by what is in them, in the order of the command.
type files struct {
	leaves, ballots string // names: they may be large
	checkpoint, key file
	scores          *file
	votes           *votes
	rulebook        *book
	published       []published
	receipts        []bundle.Recorded
	statements      []file
}

// read tells the files apart and reads the small ones.
func read(names []string) (f files, err error) {
	seen := map[string]string{}
	for _, name := range names {
		kind, err := f.read(name)
		if err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
		if other, twice := seen[kind]; twice && kind != kindReceipt && kind != kindStatement {
			return f, fmt.Errorf("%s and %s are both %s", other, name, kind)
		}
		seen[kind] = name
	}
	return f, nil
}

// complete tells what is missing.
func (f files) complete() (err error) {
	for _, missing := range []struct {
		is   bool
		what string
	}{
		{f.leaves == "", "leaves (GET …/log/leaves)"},
		{f.checkpoint.name == "", "checkpoint (GET …/log/checkpoint)"},
		{f.key.name == "", "public key (GET …/log/key)"},
	} {
		if missing.is {
			err = errors.Join(err, fmt.Errorf("there is no file with the %s", missing.what))
		}
	}
	return err
}

func (f *files) read(name string) (kind string, err error) {
	opened, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	in := bufio.NewReader(opened)
	begin, _ := in.Peek(64)
	starts := func(text string) bool { return bytes.HasPrefix(begin, []byte(text)) }
	switch {
	case len(begin) == 0, starts("ballot "), starts("removal "):
		f.leaves = name
		return kindLeaves, nil
	case starts("index,period,voter,picks"):
		f.ballots = name
		return kindBallots, nil
	}
	data, err := limited(in)
	if err != nil {
		return "", err
	}
	origin, _, _ := bytes.Cut(data, []byte("\n"))
	switch given := (file{name, data}); {
	case starts("laurel/") && bytes.HasSuffix(origin, []byte("/statement")):
		f.statements = append(f.statements, given)
		return kindStatement, nil
	case starts("laurel/"):
		f.checkpoint = given
		return kindCheckpoint, nil
	case starts("laurel+"):
		f.key = given
		return kindKey, nil
	case starts("candidate,votes"):
		of, err := bundle.ReadVotes(data)
		f.votes = &votes{given, of}
		return kindVotes, err
	case starts("panel,juror,candidate,criterion,score\n"):
		f.scores = &given
		return kindScores, nil
	default:
		return f.document(given)
	}
}

// limited reads a small file.
func limited(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("it is larger than %d bytes", maxSmall)
	}
	return data, err
}

func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return limited(f)
}

// document reads JSON, or a rulebook in YAML.
func (f *files) document(given file) (kind string, err error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(given.text, &fields) == nil {
		has := func(name string) bool { _, ok := fields[name]; return ok }
		switch {
		case has("evidence"):
			return kindReceipt, f.receipt(given)
		case has("rulebook_hash") && has("ranking"):
			return kindResults, f.publish(kindResults, given)
		case has("rulebook_hash") && has("phases"):
			return kindSelection, f.publish(kindSelection, given)
		}
	}
	rb, err := rulebook.Parse(given.text)
	if err != nil {
		return "", fmt.Errorf("it is none of leaves, checkpoint, key, votes, scores, ballots, receipt, statement, selection, results, nor a rulebook: %w", err)
	}
	f.rulebook = &book{given, rb}
	return kindRulebook, nil
}

func (f *files) receipt(given file) error {
	r, err := bundle.ReadRecorded(given.name, given.text)
	f.receipts = append(f.receipts, r)
	return err
}

// publish reads what is of a selection. Only a few of its fields are used.
func (f *files) publish(kind string, given file) error {
	p := published{file: given, kind: kind}
	used := []string{"slug", "rulebook_hash", "votes_hash", "scores_hash", "frozen_at", "ballots", "ranking", "ranking.number"}
	_, _, err := bundle.Exact(given.text, used)
	if err == nil {
		err = json.Unmarshal(given.text, &p)
	}
	f.published = append(f.published, p)
	return err
}

// compare tells whether the exported ballots are the leaves, less their salt.
func compare(ballotsName, leavesName string) error {
	ballots, err := os.Open(ballotsName)
	if err != nil {
		return err
	}
	defer ballots.Close()
	leaves, err := os.Open(leavesName)
	if err != nil {
		return err
	}
	defer leaves.Close()
	rows, lines := csv.NewReader(ballots), bufio.NewScanner(leaves)
	lines.Buffer(nil, ballotlog.MaxLeaf+1)
	rows.ReuseRecord = true
	if head, err := rows.Read(); err != nil || !slices.Equal(head, []string{"index", "period", "voter", "picks"}) {
		return errors.Join(errors.New("it has other columns than index, period, voter and picks"), err)
	}
	for index := 0; lines.Scan(); index++ {
		leaf, err := ballotlog.Parse(lines.Text())
		if err != nil {
			return err
		}
		b, ok := leaf.(ballotlog.Ballot)
		if !ok {
			continue
		}
		row, err := rows.Read()
		if err != nil {
			return fmt.Errorf("ballots: %d: %w", index, err)
		}
		picks := strings.Trim(fmt.Sprint(b.Picks), "[]")
		if row[0] != strconv.Itoa(index) || row[1] != b.Period || row[2] != hex.EncodeToString(b.Voter[:]) || row[3] != picks {
			return fmt.Errorf("ballots: %q is not leaf %d, %q", row, index, leaf)
		}
	}
	if _, err := rows.Read(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("there are more ballots than leaves"), err)
	}
	return lines.Err()
}
