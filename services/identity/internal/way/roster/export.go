package roster

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// ExportCodes implements identity.Service. The sealed list is stored before
// the commit: what a caller is told to fetch is there.
func (r *Rosters) ExportCodes(ctx context.Context, in identity.ExportCodes) (identity.CodesExported, error) {
	reason := strings.TrimSpace(in.Reason)
	if err := identity.ErrRosterInvalid.Check(audit.OptionalReason(reason)); err != nil {
		return identity.CodesExported{}, err
	}
	var out identity.CodesExported
	err := pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		// This locks the row: two exports at once come one after the other.
		err := tx.GetContext(ctx, &out.Export, `UPDATE roster SET exports = exports + 1 WHERE slug = $1 RETURNING exports`, in.Slug)
		if errors.Is(err, sql.ErrNoRows) {
			return identity.ErrNoRoster
		}
		if err != nil {
			return fmt.Errorf("export codes: %w", err)
		}
		list, replaced, err := r.renew(ctx, tx, in, reason != "")
		if err != nil {
			return err
		}
		sealed, key, err := codelist.Seal(list)
		if err != nil {
			return err
		}
		ref, err := r.deps.Blobs.In(blob.Uploads).Deposit(ctx, bytes.NewReader(sealed), math.MaxInt64)
		if err != nil {
			return fmt.Errorf("export codes: %w", err)
		}
		out.Blob, out.Key, out.Members = ref.Hash, key, len(list)
		return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "export_codes", reason, map[string]int{
			"export": out.Export, "codes": len(list), "replaced": replaced,
		})
	})
	if err != nil {
		return identity.CodesExported{}, err
	}
	return out, nil
}

// renew gives codes to members who have none and, if unused is set, new codes to
// those who have not used theirs.
func (r *Rosters) renew(ctx context.Context, tx *sqlx.Tx, in identity.ExportCodes, unused bool) (list []identity.Coded, replaced int, err error) {
	var rows []struct {
		Member       string `db:"member"`
		Name         string `db:"name"`
		Constituency string `db:"constituency"`
		Had          bool   `db:"had"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT member, name, constituency, code IS NOT NULL AS had FROM roster_member
		WHERE slug = $1 AND (code IS NULL OR $2 AND NOT used) ORDER BY place FOR UPDATE`, in.Slug, unused); err != nil {
		return nil, 0, fmt.Errorf("export codes: %w", err)
	}
	switch {
	case len(rows) == 0 && unused:
		return nil, 0, identity.ErrCodesUsed
	case len(rows) == 0:
		return nil, 0, identity.ErrCodesExported.At(fault.Wrong("reason", "reason_to_replace", "says why the unused codes are replaced"))
	case len(rows) > in.Most:
		return nil, 0, identity.ErrCodesTooMany.With("codes", strconv.Itoa(len(rows))).With("most", strconv.Itoa(in.Most))
	}
	list = make([]identity.Coded, len(rows))
	members, hashes := make([]string, len(rows)), make([][]byte, len(rows))
	for i, m := range rows {
		c := newCode()
		list[i] = identity.Coded{Member: m.Member, Name: m.Name, Constituency: m.Constituency, Code: c.String()}
		members[i], hashes[i] = m.Member, r.key.hash(in.Slug, c)
		if m.Had {
			replaced++
		}
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE roster_member m SET code = n.code
		FROM unnest($2::text[], $3::bytea[]) AS n (member, code) WHERE m.slug = $1 AND m.member = n.member`,
		in.Slug, pq.Array(members), pq.Array(hashes)); err != nil {
		return nil, 0, fmt.Errorf("export codes: %w", err)
	}
	return list, replaced, nil
}

// ReplaceCode implements identity.Service.
func (r *Rosters) ReplaceCode(ctx context.Context, in identity.ReplaceCode) (identity.Coded, error) {
	reason := strings.TrimSpace(in.Reason)
	if err := identity.ErrRosterInvalid.Check(audit.Reason(reason)); err != nil {
		return identity.Coded{}, err
	}
	c := newCode()
	out := identity.Coded{Member: in.Member, Code: c.String()}
	err := pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		var was struct {
			Name         string `db:"name"`
			Constituency string `db:"constituency"`
			Coded        bool   `db:"coded"`
			Used         bool   `db:"used"`
		}
		err := tx.GetContext(ctx, &was, `
			SELECT name, constituency, code IS NOT NULL AS coded, used FROM roster_member WHERE slug = $1 AND member = $2 FOR UPDATE`, in.Slug, in.Member)
		if errors.Is(err, sql.ErrNoRows) {
			return identity.ErrNoMember
		}
		if err != nil {
			return fmt.Errorf("replace code: %w", err)
		}
		out.Name, out.Constituency = was.Name, was.Constituency
		if _, err := tx.ExecContext(ctx, `UPDATE roster_member SET code = $3, used = false WHERE slug = $1 AND member = $2`,
			in.Slug, in.Member, r.key.hash(in.Slug, c)); err != nil {
			return fmt.Errorf("replace code: %w", err)
		}
		return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "replace_code", reason, map[string]any{
			"member": in.Member, "had_code": was.Coded, "had_used_it": was.Used,
		})
	})
	if err != nil {
		return identity.Coded{}, err
	}
	return out, nil
}
