package ballotlog_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// seed is the n-th key's line in a key file.
func seed(n byte) string { return hex.EncodeToString(bytes.Repeat([]byte{n}, 32)) }

func read(t *testing.T, lines ...string) ballotlog.Signer {
	t.Helper()
	s, err := ballotlog.ReadSigner(strings.Join(lines, "\n") + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func list(t *testing.T, s ballotlog.Signer) string {
	t.Helper()
	text, err := s.Keys()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSigner_rotation goes from one key to the next: alone, both, the next with
// the old one's public key, the next alone.
func TestSigner_rotation(t *testing.T) {
	old, next := read(t, seed(1)), read(t, seed(2))
	both := read(t, seed(2), "", seed(1))
	after := read(t, seed(2), old.Public().String())
	head := ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: grow(3).Tree()}
	signed := map[string]string{}
	for name, s := range map[string]ballotlog.Signer{"old": old, "both": both, "after": after} {
		var err error
		if signed[name], err = s.Sign(head); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(strings.Split(signed["both"], "\n\n")[1], strings.Split(signed["after"], "\n\n")[1]) {
		t.Errorf("the first line of the file does not sign first:\n%s", signed["both"])
	}
	for _, c := range []struct {
		signed string
		by     ballotlog.Signer
		opens  bool
	}{
		{"old", old, true},
		{"old", both, true},
		{"old", after, true},
		{"old", next, false},
		{"both", old, true},
		{"both", next, true},
		{"both", after, true},
		{"after", old, false},
		{"after", next, true},
		{"after", both, true},
	} {
		if got, err := c.by.Public().Open(signed[c.signed]); (err == nil) != c.opens || err == nil && got != head {
			t.Errorf("%s by %s: %+v, %v", c.signed, c.by.Public(), got, err)
		}
	}
	for _, s := range []ballotlog.Signer{after, next} {
		if keys, err := ballotlog.ParsePublicKey(list(t, s)); err != nil || keys.String() != next.Public().String() {
			t.Errorf("the list of the keys that sign is %q, %v", keys, err)
		}
	}
}

// TestPublicKey_Follow takes a new key from the hand of one that is known, and
// from no other.
func TestPublicKey_Follow(t *testing.T) {
	old, stranger := read(t, seed(1)).Public(), read(t, seed(3)).Public()
	both := read(t, seed(2), seed(1))
	for _, key := range []ballotlog.PublicKey{old, read(t, seed(2)).Public()} {
		got, err := key.Follow(list(t, both))
		if err != nil || len(got.Texts()) != 2 || got.Texts()[0] != key.String() {
			t.Errorf("after %s: %q, %v", key, got, err)
		}
	}
	if got, err := old.Follow(list(t, read(t, seed(1)))); err != nil || got.String() != old.String() {
		t.Errorf("nothing new: %q, %v", got, err)
	}
	good := list(t, both)
	keys, signatures, _ := strings.Cut(good, "\n\n")
	first, second, _ := strings.Cut(signatures, "\n")
	for name, text := range map[string]string{
		"of strangers":                 list(t, read(t, seed(2), seed(3))),
		"unsigned":                     keys,
		"signed by the new one alone":  keys + "\n\n" + first + "\n",
		"signed by the old one alone":  keys + "\n\n" + second,
		"another key put in":           strings.Replace(good, strings.Split(keys, "\n")[0], stranger.String(), 1),
		"a key more":                   strings.Replace(good, keys, keys+"\n"+stranger.String(), 1),
		"empty":                        "",
		"long":                         good + strings.Repeat("\n", 5000),
		"a checkpoint, signed by both": checkpoint(t, both),
	} {
		if got, err := old.Follow(text); !errors.Is(err, ballotlog.ErrKey) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func checkpoint(t *testing.T, s ballotlog.Signer) string {
	t.Helper()
	text, err := s.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: grow(3).Tree()})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReadSigner_malformed names the line and does not show it.
func TestReadSigner_malformed(t *testing.T) {
	public := read(t, seed(9)).Public().String()
	many := make([]string, ballotlog.MaxKeys+1)
	for i := range many {
		many[i] = seed(byte(i))
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":       {"\n \n", "no key that signs"},
		"public only": {public, "no key that signs"},
		"short":       {seed(1) + "\n" + seed(2)[2:], "line 2"},
		"not hex":     {strings.Replace(seed(5), "5", "x", 1), "line 1"},
		"twice":       {seed(1) + "\n\n" + seed(1), "line 3"},
		"half key":    {seed(1) + "\n" + public[:40], "line 2"},
		"too many":    {strings.Join(many, "\n"), "line 9"},
	} {
		_, err := ballotlog.ReadSigner(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "0505") || strings.Contains(err.Error(), "0202")) {
			t.Errorf("%s: the error shows the file: %v", name, err)
		}
	}
	if _, err := (ballotlog.Signer{}).Sign(ballotlog.Head{Origin: "x"}); err == nil {
		t.Error("signed by nobody")
	}
}
