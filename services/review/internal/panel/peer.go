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
		of, err := due(ctx, tx, in.Slug, panel, juror, in.Candidate)
		if err != nil {
			return err
		}
		counted, err := readCounted(ctx, tx, in.Slug, panel, of.number)
		if err != nil {
			return err
		}
		out, err = others(counted, juror)
		return err
	})
	return out, err
}

// others are the sheets that are not the juror's. Fault: ErrOwnFirst until the
// juror has submitted scores. An abstention does not count: it would let a juror
// see the others' scores before their own.
func others(counted []countedRow, juror string) ([]review.Peer, error) {
	own, out := false, []review.Peer{}
	for _, s := range counted {
		if s.Account == juror {
			own = !s.Abstained
			continue
		}
		peer := review.Peer{Juror: "J" + strconv.Itoa(s.Seat), Scores: s.scores, Comment: s.Comment, Comments: s.comments, Abstained: s.Abstained}
		if !s.Abstained {
			peer.Total = decimal(s.total)
		}
		out = append(out, peer)
	}
	if !own {
		return nil, review.ErrOwnFirst
	}
	return out, nil
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
