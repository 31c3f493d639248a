package verify

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
)

// TestVerify_bundle checks bundles as a reader does, and holds each to the program's
// status and words.
func TestVerify_bundle(t *testing.T) {
	t.Parallel()
	s := bundletest.New(t, 8)
	right := s.Zip(t)
	flipped := bytes.Clone(right)
	flipped[len(flipped)/2] ^= 1
	keys, err := s.Signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	other, err := bundletest.Seed(t, 9).Keys()
	if err != nil {
		t.Fatal(err)
	}
	forged := *s
	forged.Parts = map[string]string{}
	for name, text := range s.Parts {
		forged.Parts[name] = text
	}
	forged.Parts[bundle.VotesPart] = strings.Replace(s.Parts[bundle.VotesPart], "\n1,", "\n1,9", 1)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	zip, receipt := file("courier-2.zip", string(right)), file("receipt.json", s.Receipts[0])
	another := strings.Replace(s.Receipts[0], `"period":"once"`, `"period":"2026-05-01"`, 1)
	for name, c := range map[string]struct {
		Command
		status int
		says   string
	}{
		"it holds":                {Command{Files: []string{zip}}, 0, "the same totals and ranks of 5 candidates"},
		"in Chinese":              {Command{Files: []string{zip}, Lang: "zh-CN"}, 0, "未核对："},
		"by the key":              {Command{Files: []string{zip}, Key: file("key.txt", keys)}, 0, "whether others are given the same file"},
		"by another key":          {Command{Files: []string{zip}, Key: file("other.txt", other)}, exitRefused, "manifest.txt does not hold"},
		"of another selection":    {Command{Files: []string{zip}, Selection: "courier-3"}, exitRefused, `it is of "courier-2"`},
		"a receipt":               {Command{Files: []string{receipt, zip}}, 0, "is proved: line 0"},
		"another's receipt":       {Command{Files: []string{zip, file("a.json", another)}}, exitRefused, "period: it is"},
		"a file that is none":     {Command{Files: []string{zip, file("votes.csv", "candidate,votes\n")}}, exitUnread, "only receipts are read"},
		"a flipped byte":          {Command{Files: []string{file("flipped.zip", string(flipped))}}, exitRefused, "was changed"},
		"signed, and not its sum": {Command{Files: []string{file("forged.zip", string(forged.Zip(t)))}}, exitBroken, "votes_hash"},
	} {
		var out bytes.Buffer
		c.out = &out
		err := c.Run()
		said := out.String()
		if err != nil {
			said += err.Error()
		}
		if status(err) != c.status || !strings.Contains(said, c.says) {
			t.Errorf("%s: status %d, not %d, or it does not say %q:\n%s", name, status(err), c.status, c.says, said)
		}
	}
}
