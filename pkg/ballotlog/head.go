package ballotlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxHead is the longest signed head in bytes.
const maxHead = 4096

// ErrHead is a text that is not a head signed by the key.
var ErrHead = errors.New("not a signed head of the log")

// Head says how many leaves a tree has and which they are. Its text is a
// checkpoint as in https://c2sp.org/tlog-checkpoint: origin, size, root, and a
// line with the time where there is one.
//
// Two trees have heads. A checkpoint is the head of the whole log. A promise is
// the head of a tree of one ballot: it says that this ballot is in the count and
// will be in the log. It says nothing of when, nor of the ballots beside it.
//
// Promises of before were heads of the tree of all ballots that were committed
// together, with that batch's number and time.
type Head struct {
	Origin string // CheckpointOrigin or PromiseOrigin
	tlog.Tree
	At time.Time // of a promise of before: when its ballots were counted
}

// CheckpointOrigin names the log of a selection.
func CheckpointOrigin(slug string) string { return "laurel/" + slug + "/ballots" }

// PromiseOrigin names the promises of a period, Once or a day.
func PromiseOrigin(slug, period string) string { return "laurel/" + slug + "/promise/" + period }

// batchOrigin names the tree of a promise of before.
func batchOrigin(slug string, batch int64) string {
	return PromiseOrigin(slug, strconv.FormatInt(batch, 10))
}

func (h Head) text() string {
	text := fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.N, h.Hash)
	if !h.At.IsZero() {
		text += h.At.UTC().Format(time.RFC3339Nano) + "\n"
	}
	return text
}

// Sign gives the signed text of a head.
func (s Signer) Sign(h Head) (string, error) {
	text, err := s.sign(h.text())
	if err != nil {
		return "", fmt.Errorf("ballotlog: sign %s: %w", h.Origin, err)
	}
	return text, nil
}

// Open verifies a signed head and reads it. ErrHead.
func (k PublicKey) Open(text string) (Head, error) {
	if len(text) > maxHead {
		return Head{}, ErrHead
	}
	n, err := note.Open([]byte(text), k.known())
	if err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrHead, err)
	}
	h, err := parseHead(n.Text)
	if err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrHead, err)
	}
	return h, nil
}

// parseHead reads the text under a signature.
func parseHead(text string) (h Head, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || len(lines) > 5 || lines[len(lines)-1] != "" {
		return h, errors.New("it has three lines, or four")
	}
	h.Origin = lines[0]
	if h.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || h.N < 0 {
		return h, fmt.Errorf("size %.20q", lines[1])
	}
	if h.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		return h, err
	}
	if len(lines) == 5 {
		if h.At, err = time.Parse(time.RFC3339Nano, lines[3]); err != nil {
			return h, err
		}
	}
	if h.text() != text {
		return h, errors.New("it is not written the one way it can be")
	}
	return h, nil
}
