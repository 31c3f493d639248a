package query

import (
	"bytes"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
)

// checkpoints keeps the last signed checkpoint of each selection: to hold a head to
// its signature and to sign it takes longer than all else that a proof does.
type checkpoints struct {
	mu   sync.Mutex
	kept map[int]checkpoint
}

type checkpoint struct {
	of   ledger.Head
	text string
	tree tlog.Tree
}

// maxCheckpoints bounds the memory; past it everything is forgotten.
const maxCheckpoints = 1000

// of is v.Signed, done once for a head.
func (c *checkpoints) of(v view, signer ballotlog.Signer) (string, tlog.Tree, error) {
	c.mu.Lock()
	k, ok := c.kept[v.ID]
	c.mu.Unlock()
	if ok && k.of.Size == v.Size && k.of.Checkpoint == v.Checkpoint && bytes.Equal(k.of.Data, v.Data) {
		return k.text, k.tree, nil
	}
	text, tree, err := v.Signed(v.Slug, signer)
	if err != nil {
		return "", tree, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxCheckpoints {
		c.kept = map[int]checkpoint{}
	}
	c.kept[v.ID] = checkpoint{v.Head, text, tree}
	return text, tree, nil
}
