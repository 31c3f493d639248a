package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Manifest says what a bundle holds. Its text, which the installation signs, is
//
//	laurel/SLUG/bundle
//	1
//	part SIZE SHA-256 NAME
//	absent NAME WHY
//
// with a line for each part and for each that a bundle can have and this one has
// not. Parts are sorted by name, and so are those that are absent.
type Manifest struct {
	Slug   string
	Parts  []Part
	Absent []Absent
}

// Part is a file of the bundle.
type Part struct {
	Name string
	Size int64  // bytes
	Hash string // SHA-256, hex
}

// Absent is a file that the bundle has not.
type Absent struct {
	Name string
	Why  string // one of the words below, or one of a later version
}

// Why a part is absent.
const (
	Withheld = "withheld" // the rulebook does not have it published
	NoVote   = "no-vote"  // the rulebook has no vote
	Unhashed = "unhashed" // the result is of before it was kept
)

// The parts of a bundle.
const (
	ManifestPart   = "manifest.txt"
	BundleKey      = "bundle-key.txt" // by which the manifest is signed
	CandidatesPart = "candidates.csv"
	CheckpointPart = "checkpoint.txt"
	KeyPart        = "key.txt" // of the ballot log
	LeavesPart     = "leaves.txt"
	ResultPart     = "result.json"  // as computed
	ResultsPart    = "results.json" // as published
	RulebookPart   = "rulebook.json"
	ScoresPart     = "scores.csv"
	VotesPart      = "votes.csv"
)

const (
	form = "1" // of the manifest

	maxManifest = 64 << 10 // bytes
)

// Origin is the first line of a bundle's manifest.
func Origin(slug string) string { return "laurel/" + slug + "/bundle" }

var errManifest = errors.New("not the manifest of a bundle")

// Text is what is signed.
func (m Manifest) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", Origin(m.Slug), form)
	for _, p := range m.Parts {
		fmt.Fprintf(&b, "part %d %s %s\n", p.Size, p.Hash, p.Name)
	}
	for _, a := range m.Absent {
		fmt.Fprintf(&b, "absent %s %s\n", a.Name, a.Why)
	}
	return b.String()
}

// ParseManifest reads what Text wrote. There is one text for each manifest.
func ParseManifest(text string) (m Manifest, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 3 {
		return m, fmt.Errorf("%w: it has less than two lines", errManifest)
	}
	m.Slug = strings.TrimSuffix(strings.TrimPrefix(lines[0], "laurel/"), "/bundle")
	if lines[1] != form {
		return m, fmt.Errorf("%w: its form is %.20q; this program reads %s", errManifest, lines[1], form)
	}
	for _, line := range lines[2 : len(lines)-1] {
		switch words := strings.Split(line, " "); {
		case len(words) == 4 && words[0] == "part":
			p := Part{Name: words[3], Hash: words[2]}
			p.Size, err = strconv.ParseInt(words[1], 10, 64)
			if sum, broken := hex.DecodeString(p.Hash); err != nil || broken != nil || len(sum) != sha256.Size || !validName(p.Name) {
				return m, fmt.Errorf("%w: line %.120q", errManifest, line)
			}
			m.Parts = append(m.Parts, p)
		case len(words) == 3 && words[0] == "absent" && validName(words[1]) && validName(words[2]):
			m.Absent = append(m.Absent, Absent{words[1], words[2]})
		default:
			return m, fmt.Errorf("%w: line %.120q", errManifest, line)
		}
	}
	m.sort()
	if m.Text() != text {
		return m, fmt.Errorf("%w: it is not written the one way it can be", errManifest)
	}
	names := m.names()
	slices.Sort(names)
	if len(slices.Compact(names)) != len(m.Parts)+len(m.Absent) {
		return m, fmt.Errorf("%w: a part is there twice", errManifest)
	}
	return m, nil
}

func (m Manifest) sort() {
	slices.SortFunc(m.Parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Absent, func(a, b Absent) int { return strings.Compare(a.Name, b.Name) })
}

func (m Manifest) names() (names []string) {
	for _, p := range m.Parts {
		names = append(names, p.Name)
	}
	for _, a := range m.Absent {
		names = append(names, a.Name)
	}
	return names
}

// part gives one of the parts; ok: it is there.
func (m Manifest) part(name string) (p Part, ok bool) {
	i := slices.IndexFunc(m.Parts, func(p Part) bool { return p.Name == name })
	if i < 0 {
		return p, false
	}
	return m.Parts[i], true
}

// why a part is absent; empty: the manifest does not say.
func (m Manifest) why(name string) string {
	for _, a := range m.Absent {
		if a.Name == name {
			return a.Why
		}
	}
	return ""
}
