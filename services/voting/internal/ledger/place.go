package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// Counted is where a ballot is in the order of counting.
type Counted struct {
	First    sql.NullInt64 // of its batch; null: it waits
	Position int           // in its batch
}

// Index finds a ballot's leaf in the log: its place, or false where no
// publication has put it there. Batches from before the first publication lie in
// the log as they were counted; later ones are found by the leaf's hash.
func (h Head) Index(ctx context.Context, q sqlx.QueryerContext, kept *Shelf, at Counted, leaf tlog.Hash) (index int64, there bool, err error) {
	if !at.First.Valid || at.First.Int64 >= h.Size {
		return 0, false, nil
	}
	var run struct {
		First   int64 `db:"first"`
		Ballots int64 `db:"ballots"`
	}
	err = sqlx.GetContext(ctx, q, &run, `
		SELECT first, ballots FROM publication WHERE selection = $1 AND first <= $2 ORDER BY first DESC LIMIT 1`, h.Selection, at.First)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return at.First.Int64 + int64(at.Position), true, nil
	case err != nil:
		return 0, false, fmt.Errorf("publication: %w", err)
	}
	index, err = search(run.First, run.First+run.Ballots, leaf, kept.Tiles(ctx, q, h.Selection))
	return index, err == nil, err
}

// guesses is how often search looks where the hash should be if hashes are
// spread evenly, which they are; then it halves what is left.
const guesses = 4

// search finds a leaf among those from first to end, which are sorted. It reads
// two or three tiles of a million leaves, for the place of a hash among n is off
// by the root of n.
func search(first, end int64, leaf tlog.Hash, read ballotlog.Tiles) (int64, error) {
	low, high := bounds{first, 0}, bounds{end, 1 << 63} // the leaf is from low on, and before high
	for n := 0; low.index < high.index; n++ {
		at := low.index + (high.index-low.index)/2
		if n < guesses {
			at = between(low, high, key(leaf[:]))
		}
		t := leafTile(at, end)
		data, err := read(t)
		if err != nil {
			return 0, err
		}
		from := max(low.index, t.N*ballotlog.TileWidth)
		until := min(high.index, t.N*ballotlog.TileWidth+int64(t.W))
		data = data[(from-t.N*ballotlog.TileWidth)*tlog.HashSize : (until-t.N*ballotlog.TileWidth)*tlog.HashSize]
		last := data[len(data)-tlog.HashSize:]
		switch {
		case bytes.Compare(leaf[:], data[:tlog.HashSize]) < 0:
			high = bounds{from, key(data)}
		case bytes.Compare(leaf[:], last) > 0:
			low = bounds{until, key(last)}
		default:
			for i := int64(0); from+i < until; i++ {
				if bytes.Equal(leaf[:], data[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
					return from + i, nil
				}
			}
			low = high
		}
	}
	return 0, fmt.Errorf("the publication from %d to %d lacks a leaf that was counted in it", first, end)
}

// bounds is a place, and about which hash is there.
type bounds struct {
	index int64
	key   uint64
}

// key is the beginning of a hash, less a bit.
func key(hash []byte) uint64 { return binary.BigEndian.Uint64(hash) >> 1 }

// between is where a key should be, if all are spread evenly.
func between(low, high bounds, k uint64) int64 {
	span := high.index - low.index
	if k <= low.key || high.key <= low.key {
		return low.index
	}
	hi, lo := bits.Mul64(k-low.key, uint64(span))
	if hi >= high.key-low.key {
		return high.index - 1
	}
	at, _ := bits.Div64(hi, lo, high.key-low.key)
	return low.index + min(int64(at), span-1)
}
