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
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// maxSmall is the largest file in bytes, except leaves and ballots.
const maxSmall = 16 << 20

// recorded is what the API says of a receipt.
type recorded struct {
	Receipt  string             `json:"receipt"`
	Index    *int64             `json:"index"`
	Evidence *ballotlog.Receipt `json:"evidence"`
}

// read tells the files apart and reads the small ones.
func read(names []string) (files, error) {
	f := files{receipts: map[string]recorded{}, statements: map[string]string{}}
	seen := map[string]string{}
	for _, name := range names {
		kind, err := f.read(name)
		if err != nil {
			return f, fmt.Errorf("%s: %w", name, err)
		}
		if other, twice := seen[kind]; twice && kind != "receipt" && kind != "statement" {
			return f, fmt.Errorf("%s and %s are both %s", other, name, kind)
		}
		seen[kind] = name
	}
	return f, nil
}

func (f *files) read(name string) (kind string, err error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	in := bufio.NewReader(file)
	begin, _ := in.Peek(64)
	starts := func(text string) bool { return bytes.HasPrefix(begin, []byte(text)) }
	switch {
	case len(begin) == 0, starts("ballot "), starts("removal "):
		f.leaves = name
		return "leaves", nil
	case starts("index,period,voter,picks"):
		f.ballots = name
		return "ballots", nil
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("it is larger than %d bytes", maxSmall)
	}
	if err != nil {
		return "", err
	}
	origin, _, _ := bytes.Cut(data, []byte("\n"))
	switch {
	case starts("laurel/") && bytes.HasSuffix(origin, []byte("/statement")):
		f.statements[name] = string(data)
		return "statement", nil
	case starts("laurel/"):
		f.checkpoint = data
		return "checkpoint", nil
	case starts("laurel+"):
		f.key = data
		return "key", nil
	case starts("candidate,votes"):
		f.votes, err = readVotes(data)
		return "votes", err
	}
	var r recorded
	if json.Unmarshal(data, &r) == nil && r.Evidence != nil {
		f.receipts[name] = r
		return "receipt", nil
	}
	if f.rulebook, err = rulebook.Parse(data); err != nil {
		return "", fmt.Errorf("it is none of leaves, checkpoint, key, votes, ballots, receipt, statement, nor a rulebook: %w", err)
	}
	return "rulebook", nil
}

// readVotes reads candidate,votes.
func readVotes(data []byte) (map[int]int64, error) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows[0]) != 2 {
		return nil, errors.New("it has other columns than candidate and votes")
	}
	votes := make(map[int]int64, len(rows))
	for i, row := range rows[1:] {
		n, err1 := strconv.Atoi(row[0])
		v, err2 := strconv.ParseInt(row[1], 10, 64)
		_, twice := votes[n]
		if err := errors.Join(err1, err2); err != nil || n < 1 || v < 0 || twice {
			return nil, fmt.Errorf("line %d: %q is not one candidate's number and votes", i+2, row)
		}
		votes[n] = v
	}
	return votes, nil
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
	if _, err := rows.Read(); err != nil { // the header
		return err
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

// check proves a receipt in the log of the checkpoint, or of an earlier one.
func (r recorded) check(key ballotlog.PublicKey, slug string, head ballotlog.Head) error {
	code, err := receipt.Parse(r.Receipt)
	if err != nil {
		return err
	}
	if _, err := r.Evidence.Check(key, slug, code.OldBatch()); err != nil {
		return err
	}
	if r.Evidence.Proof == nil {
		return errors.New("the receipt was asked for before a publication had put its ballot into the log: ask again")
	}
	if r.Index == nil || *r.Index != r.Evidence.Proof.Index || *r.Index >= head.N {
		return errors.New("the receipt's index is not that of its proof")
	}
	return nil
}
