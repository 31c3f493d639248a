package ballotlog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxStatement is the longest signed statement in bytes: some twenty years of
// days.
const maxStatement = 1 << 20

// ErrStatement is a text that is not a statement signed by the key.
var ErrStatement = errors.New("not a signed statement")

// Statement says which ballots are recorded for a voter, or that there is none.
// Its text is a head and a line for each period and ballot. The head's origin
// says that it is a statement, and its tree is the log that it speaks of. The
// lines are:
//
//	PERIOD VOTER none            no ballot of the period
//	PERIOD VOTER INDEX HASH      a ballot, its index in the log and its leaf's hash
//	PERIOD VOTER pending HASH    a ballot that is counted and not yet in that log
type Statement struct {
	Head
	Entries []Entry
}

// Entry is what is recorded in a period.
type Entry struct {
	Period string
	Voter  [id]byte  // pseudonym in this selection and period
	Ballot bool      // there is one; else Index and Hash mean nothing
	Index  int64     // in the log, from 0; Pending
	Hash   tlog.Hash // of the leaf
}

// Pending is the index of a ballot that is not in the log yet.
const Pending = -1

// StatementOrigin names the statements about the ballots of a selection.
func StatementOrigin(slug string) string { return "laurel/" + slug + "/statement" }

func (e Entry) String() string {
	text := e.Period + " " + hex.EncodeToString(e.Voter[:])
	switch {
	case !e.Ballot:
		return text + " none"
	case e.Index == Pending:
		return text + " pending " + hex.EncodeToString(e.Hash[:])
	}
	return text + " " + strconv.FormatInt(e.Index, 10) + " " + hex.EncodeToString(e.Hash[:])
}

// Ballots is how many are recorded.
func (s Statement) Ballots() (n int) {
	for _, e := range s.Entries {
		if e.Ballot {
			n++
		}
	}
	return n
}

func (s Statement) text() string {
	var b strings.Builder
	b.WriteString(s.Head.text())
	for _, e := range s.Entries {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// SignStatement gives the signed text of a statement.
func (s Signer) SignStatement(st Statement) (string, error) {
	text, err := s.sign(st.text())
	if err != nil {
		return "", fmt.Errorf("ballotlog: sign %s: %w", st.Origin, err)
	}
	return text, nil
}

// OpenStatement verifies a signed statement about the ballots of a selection,
// and reads it. ErrStatement.
func (k PublicKey) OpenStatement(text, slug string) (Statement, error) {
	if len(text) > maxStatement {
		return Statement{}, fmt.Errorf("%w: longer than %d bytes", ErrStatement, maxStatement)
	}
	n, err := note.Open([]byte(text), k.known())
	if err != nil {
		return Statement{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	s, err := parseStatement(n.Text)
	if err == nil && s.Origin != StatementOrigin(slug) {
		err = fmt.Errorf("it is %.100q, not %s", s.Origin, StatementOrigin(slug))
	}
	if err != nil {
		return Statement{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return s, nil
}

func parseStatement(text string) (s Statement, err error) {
	lines := strings.SplitAfter(text, "\n")
	const head = 4
	if len(lines) < head+2 { // an entry, and nothing behind the last line feed
		return s, errors.New("it has a head of four lines, then one for each period")
	}
	if s.Head, err = parseHead(strings.Join(lines[:head], "")); err != nil {
		return s, err
	}
	for _, line := range lines[head : len(lines)-1] {
		e, err := parseEntry(strings.TrimSuffix(line, "\n"), s.N)
		if err != nil {
			return s, err
		}
		s.Entries = append(s.Entries, e)
	}
	if s.text() != text {
		return s, errors.New("it is not written the one way it can be")
	}
	return s, nil
}

// parseEntry reads a line about a log of so many leaves.
func parseEntry(line string, size int64) (e Entry, err error) {
	words := strings.Split(line, " ")
	if len(words) < 3 || len(words) > 4 || !parseID(&e.Voter, words[1]) {
		return e, fmt.Errorf("line %.80q", line)
	}
	e.Period = words[0]
	if err := checkPeriod(e.Period); err != nil {
		return e, err
	}
	if len(words) == 3 {
		return e, nil // none, or it is not written so
	}
	e.Ballot, e.Index = true, Pending
	if words[2] != "pending" {
		if e.Index, err = strconv.ParseInt(words[2], 10, 64); err != nil || e.Index < 0 || e.Index >= size {
			return e, fmt.Errorf("index %.20q in a log of %d", words[2], size)
		}
	}
	hash, err := hex.DecodeString(words[3])
	if err != nil || copy(e.Hash[:], hash) != len(hash) || len(hash) != tlog.HashSize {
		return e, fmt.Errorf("hash %.70q", words[3])
	}
	return e, nil
}

// Check tells whether the leaves of the whole log bear the statement out: they
// begin with the log that it speaks of, each ballot that it names is there, and
// that log has no further ballot of its pseudonyms. Ballots cast since mean
// nothing. ErrExport.
func (s Statement) Check(leaves io.Reader) error {
	c := stated{Statement: s, open: map[voter][]Entry{}}
	if err := c.begins(); err != nil {
		return fmt.Errorf("%w: %w", ErrExport, err)
	}
	for _, e := range s.Entries {
		who := voter{e.Period, e.Voter}
		c.open[who] = append(c.open[who], e)
	}
	if err := eachLine(leaves, c.line); err != nil {
		return err
	}
	if c.edge.Size() < s.N {
		return fmt.Errorf("%w: the statement speaks of %d leaves, there are %d", ErrExport, s.N, c.edge.Size())
	}
	for _, entries := range c.open {
		for _, e := range entries {
			if e.Ballot {
				return fmt.Errorf("%w: the log lacks what was stated: %s", ErrExport, e)
			}
		}
	}
	return nil
}

// stated is a statement and those of its ballots that have not been found.
type stated struct {
	Statement
	edge Edge
	open map[voter][]Entry
}

func (c *stated) line(text string) error {
	leaf, err := Parse(text)
	if err != nil {
		return err
	}
	index, hash := c.edge.Size(), Hash([]byte(text))
	c.edge.Append(hash, nil)
	if b, ok := leaf.(Ballot); ok {
		if err := c.ballot(b, index, hash); err != nil {
			return err
		}
	}
	return c.begins()
}

// begins compares the leaves so far with the log of the statement, once there
// are as many.
func (c *stated) begins() error {
	if c.edge.Size() == c.N && c.edge.Tree().Hash != c.Hash {
		return fmt.Errorf("the first %d leaves are not those of the statement", c.N)
	}
	return nil
}

func (c *stated) ballot(b Ballot, index int64, hash tlog.Hash) error {
	who := voter{b.Period, b.Voter}
	entries, known := c.open[who]
	if !known {
		return nil
	}
	for i, e := range entries {
		if e.Ballot && e.Hash == hash && (e.Index == index || e.Index == Pending && index >= c.N) {
			c.open[who] = append(entries[:i:i], entries[i+1:]...)
			return nil
		}
	}
	if index < c.N {
		return fmt.Errorf("a ballot of voter %x in period %s, of which the statement knows nothing", b.Voter, b.Period)
	}
	return nil
}
