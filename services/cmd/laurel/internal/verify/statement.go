package verify

import (
	"os"
	"strings"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// checkStatement tells whether the leaves confirm a signed statement.
func (f files) checkStatement(key ballotlog.PublicKey, slug, text string) error {
	s, err := key.OpenStatement(text, slug)
	if err != nil {
		return err
	}
	leaves, err := os.Open(f.leaves)
	if err != nil {
		return err
	}
	defer leaves.Close()
	return s.Check(leaves)
}

// stated are the lines of a statement that say what is recorded.
func stated(text string) []string {
	body, _, _ := strings.Cut(text, "\n\n")
	const head = 4
	return strings.Split(body, "\n")[head:]
}
