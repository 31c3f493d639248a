package panel

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// coded tells whether a panel calls candidates by codes: where jurors must not
// know who or what a nominee looks like, the public number would tell them.
func coded(panel rulebook.Panel) bool { return panel.Hides("name") || panel.Hides("photo") }

// ref is a candidate as the room knows it, and as the panel calls it.
type ref struct {
	number int
	called string
}

// refer finds the candidate whom the juror's list calls so. Fault:
// ErrUnassigned, also for a number in a panel of codes.
func refer(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel, juror, called string) (ref, error) {
	if !coded(panel) {
		return numbered(called)
	}
	r := ref{called: strings.ToUpper(strings.TrimSpace(called))}
	err := sqlx.GetContext(ctx, q, &r.number, `
		SELECT candidate FROM code WHERE slug = $1 AND panel = $2 AND account = $3 AND code = $4`, slug, panel.ID, juror, r.called)
	if errors.Is(err, sql.ErrNoRows) {
		return ref{}, review.ErrUnassigned
	}
	if err != nil {
		return ref{}, fmt.Errorf("code: %w", err)
	}
	return r, nil
}

// numbered is the candidate of a public number.
func numbered(text string) (ref, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < 1 {
		return ref{}, review.ErrUnassigned
	}
	return ref{int(n), strconv.FormatInt(n, 10)}, nil
}

// drawCodes gives each juror a code for each of their candidates that has none.
// The caller has the panel's lock.
func drawCodes(ctx context.Context, tx *sqlx.Tx, slug string, panel rulebook.Panel) error {
	if !coded(panel) {
		return nil
	}
	var rows []struct {
		Account   string `db:"account"`
		Candidate int64  `db:"candidate"`
		Code      string `db:"code"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT account, candidate, coalesce(code, '') AS code
		FROM (SELECT account, candidate FROM assignment WHERE slug = $1 AND panel = $2) a
		FULL JOIN (SELECT account, candidate, code FROM code WHERE slug = $1 AND panel = $2) k USING (account, candidate)
		ORDER BY account, code DESC`, slug, panel.ID); err != nil {
		return fmt.Errorf("codes: %w", err)
	}
	var accounts, codes []string
	var candidates []int64
	var used map[string]bool
	for i, r := range rows { // of each juror, the codes in use come first
		if i == 0 || r.Account != rows[i-1].Account {
			used = map[string]bool{}
		}
		if r.Code == "" {
			var err error
			if r.Code, err = newCode(used); err != nil {
				return fmt.Errorf("codes: %w", err)
			}
			accounts, candidates, codes = append(accounts, r.Account), append(candidates, r.Candidate), append(codes, r.Code)
		}
		used[r.Code] = true
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO code (slug, panel, account, candidate, code)
		SELECT $1, $2, account, candidate, code FROM unnest($3::text[], $4::int[], $5::text[]) AS drawn (account, candidate, code)`,
		slug, panel.ID, pq.Array(accounts), pq.Array(candidates), pq.Array(codes)); err != nil {
		return fmt.Errorf("codes: %w", err)
	}
	return nil
}

// drawSecret gives a panel of codes the secret end of its seed, once.
func drawSecret(ctx context.Context, tx *sqlx.Tx, slug string, panel rulebook.Panel) error {
	if !coded(panel) {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO seed_secret (slug, panel, secret) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		slug, panel.ID, rand.Text()); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// letters of codes, without those that look like digits.
const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"

// newCode draws a code that is not used: a letter and at least three digits,
// more where half of the shorter codes are used up.
func newCode(used map[string]bool) (string, error) {
	digits, span := 3, 1000
	for 2*len(used) >= len(letters)*span {
		digits, span = digits+1, span*10
	}
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters)*span)))
		if err != nil {
			return "", err
		}
		i := int(n.Int64())
		if code := fmt.Sprintf("%c-%0*d", letters[i/span], digits, i%span); !used[code] {
			return code, nil
		}
	}
}
