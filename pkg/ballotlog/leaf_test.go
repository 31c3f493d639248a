package ballotlog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

const (
	hexVoter = "9f86d081884c7d659a2feaa0c55ad015"
	hexSalt  = "a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

func TestParse_malformed(t *testing.T) {
	for name, text := range map[string]string{
		"empty":            "",
		"unknown":          "vote once " + hexVoter + " 1 " + hexSalt,
		"period":           "ballot today " + hexVoter + " 1 " + hexSalt,
		"no such day":      "ballot 2026-02-30 " + hexVoter + " 1 " + hexSalt,
		"voter":            "ballot once " + hexVoter[1:] + " 1 " + hexSalt,
		"capitals":         "ballot once " + strings.ToUpper(hexVoter) + " 1 " + hexSalt,
		"no salt":          "ballot once " + hexVoter + " 1",
		"salt":             "ballot once " + hexVoter + " 1 " + hexSalt[:31] + "g",
		"no picks":         "ballot once " + hexVoter + "  " + hexSalt,
		"pick zero":        "ballot once " + hexVoter + " 0 " + hexSalt,
		"pick twice":       "ballot once " + hexVoter + " 3,3 " + hexSalt,
		"descending":       "ballot once " + hexVoter + " 3,2 " + hexSalt,
		"leading zero":     "ballot once " + hexVoter + " 03 " + hexSalt,
		"plus":             "ballot once " + hexVoter + " +3 " + hexSalt,
		"pick too large":   "ballot once " + hexVoter + " 32768 " + hexSalt,
		"more":             "ballot once " + hexVoter + " 3 " + hexSalt + " ",
		"line feed":        "ballot once " + hexVoter + " 3 " + hexSalt + "\n",
		"too long":         "ballot once " + hexVoter + " " + strings.Repeat("1", ballotlog.MaxLeaf) + " " + hexSalt,
		"no reason":        "removal 3 ",
		"negative":         "removal -3 joined",
		"padded index":     "removal 03 joined",
		"unprintable":      "removal 3 joi\tned",
		"reason too long":  "removal 3 " + strings.Repeat("x", ballotlog.MaxReason+1),
		"broken character": "removal 3 \xff",
	} {
		if l, err := ballotlog.Parse(text); !errors.Is(err, ballotlog.ErrLeaf) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

// TestBallot_roundTrip writes any ballot and reads it back.
func TestBallot_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := ballotlog.Ballot{Period: rapid.SampledFrom([]string{"once", "2026-05-01", "1999-12-31"}).Draw(t, "period")}
		copy(b.Voter[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "voter"))
		copy(b.Salt[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
		b.Picks = rapid.SliceOfNDistinct(rapid.IntRange(1, ballotlog.MaxCandidate), 1, 30, rapid.ID[int]).Draw(t, "picks")
		slices.Sort(b.Picks)
		l, err := ballotlog.Parse(b.String())
		if err != nil || l.String() != b.String() || !slices.Equal(l.(ballotlog.Ballot).Picks, b.Picks) {
			t.Fatalf("%s is read as %v, %v", b, l, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("ballot once " + hexVoter + " 3,7,12 " + hexSalt)
	f.Add("ballot 2026-05-01 " + hexVoter + " 1 " + hexSalt)
	f.Add("removal 17 joined: this voter's ballot by roster counts")
	f.Add("ballot")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ballotlog.Parse(text)
		if err != nil {
			return
		}
		if l.String() != text {
			t.Errorf("%q is written as %q", text, l)
		}
	})
}

func FuzzOpen(f *testing.F) {
	s := signer(f)
	signed := ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: grow(3).Tree()}
	text, err := s.Sign(signed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("laurel/x/ballots\n1\nAAAA\n\n— laurel AAAA\n")
	f.Fuzz(func(t *testing.T, head string) {
		if h, err := s.Public().Open(head); err == nil && h != signed {
			t.Errorf("nobody signed %q, read as %+v", head, h)
		}
	})
}

func FuzzParseTile(f *testing.F) {
	for _, path := range []string{"0/000", "0/000.p/17", "1/x001/234", "data/000"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if tile, err := ballotlog.ParseTile(path); err == nil && ballotlog.TilePath(tile) != path {
			t.Errorf("%q is %v", path, tile)
		}
	})
}
