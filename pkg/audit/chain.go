package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// The chain is kept by the database (migrations/00002_chain.sql). From the hash
// of the entry before, 32 zero bytes for the first, an entry's is the SHA-256 of
// that and these lines, a line feed between:
//
//	position, from 1
//	time, 2026-05-01T09:00:00.123456Z
//	selection
//	kind of actor
//	act
//	hex of the SHA-256 of salt and text of actor, name, reason, detail and request

// fields are those that are hashed with a salt each.
const fields = 5

// link is an entry and its place in the chain.
type link struct {
	Entry
	Position int64         `db:"position"`
	Salts    pq.ByteaArray `db:"salts"`
	Hashes   []byte        `db:"hashes"`
	Hash     []byte        `db:"hash"`
	Lost     bool          `db:"lost"` // there is no such entry
}

// flaw says what is wrong with a link that should follow another.
func (l link) flaw(position int64, before []byte) string {
	switch {
	case l.Position != position:
		return fmt.Sprintf("there is no entry at position %d of the chain", position)
	case l.Lost:
		return fmt.Sprintf("entry %d, at position %d, is gone", l.ID, l.Position)
	case len(l.Salts) != fields || len(l.Hashes) != fields*sha256.Size:
		return fmt.Sprintf("entry %d has %d salts and %d bytes of hashes", l.ID, len(l.Salts), len(l.Hashes))
	}
	for i, text := range []string{l.Actor, l.Name, l.Reason, string(l.Detail), l.Request} {
		sum := sha256.Sum256(append(bytes.Clone(l.Salts[i]), text...))
		if l.Salts[i] != nil && !bytes.Equal(sum[:], l.Hashes[i*sha256.Size:(i+1)*sha256.Size]) {
			return fmt.Sprintf("entry %d: its %s is not what was recorded", l.ID, Erasable()[i])
		}
	}
	lines := strings.Join([]string{
		fmt.Sprint(l.Position), l.At.UTC().Format("2006-01-02T15:04:05.000000Z"), l.Slug, string(l.Kind), l.Act, hex.EncodeToString(l.Hashes),
	}, "\n")
	if sum := sha256.Sum256(append(bytes.Clone(before), lines...)); !bytes.Equal(sum[:], l.Hash) {
		return fmt.Sprintf("entry %d, at position %d, does not follow from the one before", l.ID, l.Position)
	}
	return ""
}

// walk follows the chain behind a position, and gives its end. It stops at a
// link that does not follow, and says why.
func walk(ctx context.Context, q sqlx.QueryerContext, from ballotlog.Head, each func(ballotlog.Head)) (end ballotlog.Head, flaw string, err error) {
	end = from
	rows, err := q.QueryxContext(ctx, `
		SELECT c.position, c.entry AS id, c.salts, c.hashes, c.hash, a.id IS NULL AS lost, coalesce(a.at, 'epoch') AS at, coalesce(a.slug, '') AS slug,
		       coalesce(a.kind, '') AS kind, coalesce(a.actor, '') AS actor, coalesce(a.name, '') AS name, coalesce(a.act, '') AS act,
		       coalesce(a.reason, '') AS reason, coalesce(a.detail, 'null') AS detail, coalesce(a.request, '') AS request
		FROM audit_chain c LEFT JOIN audit a ON a.id = c.entry WHERE c.position > $1 ORDER BY c.position`, from.N)
	if err != nil {
		return end, "", fmt.Errorf("audit: chain: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l link
		if err := rows.StructScan(&l); err != nil {
			return end, "", fmt.Errorf("audit: chain: %w", err)
		}
		if flaw := l.flaw(end.N+1, end.Hash[:]); flaw != "" {
			return end, flaw, nil
		}
		end.Tree = tlog.Tree{N: l.Position, Hash: tlog.Hash(l.Hash)}
		each(end)
	}
	if err := rows.Err(); err != nil {
		return end, "", fmt.Errorf("audit: chain: %w", err)
	}
	return end, "", nil
}

// Report is what a look at a room's whole log found.
type Report struct {
	Service  string   `json:"service"`
	Entries  int64    `json:"entries" doc:"How many entries the chain has"`
	Signed   int64    `json:"signed" doc:"How many of them the last signed head covers"`
	Head     string   `json:"head,omitempty" doc:"The last signed head; whoever keeps it can tell later whether what it covers was rewritten"`
	Problems []string `json:"problems" doc:"Empty: every entry is what was recorded, none is missing, and the chain is the one that was signed"`
}

// Check follows the whole chain, and holds it against the signed heads.
func Check(ctx context.Context, db *sqlx.DB, service string, key ballotlog.PublicKey) (Report, error) {
	r := Report{Service: service, Problems: []string{}}
	tx, err := db.BeginTxx(ctx, snapshot)
	if err != nil {
		return r, fmt.Errorf("audit: check: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	heads, err := readHeads(ctx, tx, service, key)
	if err != nil {
		return r, err
	}
	at := map[int64]tlog.Hash{}
	for _, h := range heads {
		at[h.position] = tlog.Hash{}
	}
	end, flaw, err := walk(ctx, tx, ballotlog.Head{}, func(h ballotlog.Head) {
		if _, ok := at[h.N]; ok {
			at[h.N] = h.Hash
		}
	})
	if err != nil {
		return r, err
	}
	r.Entries = end.N
	if flaw != "" {
		r.Problems = append(r.Problems, flaw)
	}
	for _, h := range heads {
		switch {
		case h.err != nil:
			r.Problems = append(r.Problems, fmt.Sprintf("the head of position %d: %v", h.position, h.err))
			continue
		case flaw == "" && h.head.Hash != at[h.position]:
			r.Problems = append(r.Problems, fmt.Sprintf("the chain is not the one whose head was signed at position %d", h.position))
		}
		r.Signed, r.Head = h.position, h.note
	}
	var loose int64
	if err := tx.GetContext(ctx, &loose, `SELECT count(*) FROM audit a WHERE NOT EXISTS (SELECT FROM audit_chain c WHERE c.entry = a.id)`); err != nil {
		return r, fmt.Errorf("audit: check: %w", err)
	}
	if loose > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d entries are not in the chain", loose))
	}
	return r, nil
}
