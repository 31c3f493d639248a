package panel

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// ListPeers implements review.Service.
func (p *Panels) ListPeers(ctx context.Context, in review.OfSheet) (out []review.Peer, err error) {
	err = p.asJuror(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, panel rulebook.Panel, juror string) error {
		if panel.SeesOthers != rulebook.SeesAfterOwn {
			return review.ErrPeersHidden
		}
		of, err := shown(ctx, tx, in.Slug, panel, juror, in.Candidate)
		if err != nil {
			return err
		}
		if err := scored(ctx, tx, in, juror, of.number); err != nil {
			return err
		}
		counted, err := readCounted(ctx, tx, in.Slug, panel, of.number)
		if err != nil {
			return err
		}
		out = others(counted, juror)
		return nil
	})
	return out, err
}

// scored gives ErrOwnFirst until the juror has submitted scores of a candidate,
// whether they count or not. An abstention is none: it would let a juror see the
// others' scores before their own.
func scored(ctx context.Context, q sqlx.QueryerContext, in review.OfSheet, juror string, candidate int) error {
	var is bool
	if err := sqlx.GetContext(ctx, q, &is, `
		SELECT EXISTS (SELECT FROM last_sheet WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4 AND submitted AND NOT abstained)`,
		in.Slug, in.Panel, juror, candidate); err != nil {
		return fmt.Errorf("own sheet: %w", err)
	}
	if !is {
		return review.ErrOwnFirst
	}
	return nil
}

// others are the sheets that are not the juror's.
func others(counted []countedRow, juror string) []review.Peer {
	out := []review.Peer{}
	for _, s := range counted {
		if s.Account == juror {
			continue
		}
		peer := review.Peer{Juror: "J" + strconv.Itoa(s.Seat), Scores: s.scores, Comment: s.Comment, Comments: s.comments, Abstained: s.Abstained}
		if !s.Abstained {
			peer.Total = decimal(s.total)
		}
		out = append(out, peer)
	}
	return out
}

// countedRow is a submitted sheet that counts: assigned and not recused.
type countedRow struct {
	Account   string          `db:"account"`
	Seat      int             `db:"seat"`
	Candidate int             `db:"candidate"`
	Further   bool            `db:"further"`
	Scores    json.RawMessage `db:"scores"`
	Comment   string          `db:"comment"`
	Comments  json.RawMessage `db:"comments"`
	Abstained bool            `db:"abstained"`

	scores, comments map[string]string
	cells            []*big.Rat // by criterion; none of an abstention
	total            *big.Rat   // sum of weight × score
}

// readCounted reads the sheets that count, by candidate and seat: those of one
// candidate, or all where it is 0.
func readCounted(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel, candidate int) ([]countedRow, error) {
	var rows []countedRow
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT a.account, j.seat, a.candidate, a.further, s.scores, s.comment, s.comments, s.abstained
		FROM due a
		JOIN juror j ON j.slug = a.slug AND j.panel = a.panel AND j.account = a.account
		JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate AND s.submitted
		WHERE a.slug = $1 AND a.panel = $2 AND ($3 = 0 OR a.candidate = $3)
		ORDER BY a.candidate, j.seat`, slug, panel.ID, candidate); err != nil {
		return nil, fmt.Errorf("sheets: %w", err)
	}
	for i := range rows {
		if err := rows[i].read(panel); err != nil {
			return nil, fmt.Errorf("sheet of %d: %w", rows[i].Candidate, err)
		}
	}
	return rows, nil
}

func (r *countedRow) read(panel rulebook.Panel) error {
	if err := json.Unmarshal(r.Scores, &r.scores); err != nil {
		return err
	}
	if err := json.Unmarshal(r.Comments, &r.comments); err != nil {
		return err
	}
	if r.Abstained {
		return nil
	}
	r.total = new(big.Rat)
	for _, c := range panel.Criteria {
		n, err := rulebook.ParseNumber(r.scores[c.ID])
		if err != nil {
			return err
		}
		r.cells = append(r.cells, n.Rat())
		r.total.Add(r.total, new(big.Rat).Mul(c.Weight.Rat(), n.Rat()))
	}
	return nil
}

// decimal writes a number with four decimals, half up.
func decimal(n *big.Rat) string { return n.FloatString(4) }
