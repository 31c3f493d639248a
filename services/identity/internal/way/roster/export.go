package roster

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
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
	private := in.Form == identity.FormSealed
	if private && r.office.Printer == nil {
		return identity.CodesExported{}, identity.ErrNoPrinter
	}
	var out identity.CodesExported
	err := pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		exports, err := lock(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		out.Export = exports + 1
		if _, err := tx.ExecContext(ctx, `UPDATE roster SET exports = $2 WHERE slug = $1`, in.Slug, out.Export); err != nil {
			return fmt.Errorf("export codes: %w", err)
		}
		list, replaced, err := r.renew(ctx, tx, in, reason != "")
		if err != nil {
			return err
		}
		if out.Replacements, err = r.tell(ctx, tx, in.Slug, replaced); err != nil {
			return err
		}
		if out.Left, err = left(ctx, tx, in.Slug, list); err != nil {
			return err
		}
		detail := map[string]any{"export": out.Export, "form": in.Form, "codes": len(list), "replaced": len(replaced), "left_out": out.Left}
		var sealed, key []byte
		if private {
			detail["printer"] = r.office.Printer.Key
			sealed, err = r.slips(ctx, tx, in, out.Export, list)
		} else {
			sealed, key, err = codelist.Seal(list)
		}
		if err != nil {
			return err
		}
		ref, err := r.deps.Blobs.In(blob.Uploads).Deposit(ctx, bytes.NewReader(sealed), math.MaxInt64)
		if err != nil {
			return fmt.Errorf("export codes: %w", err)
		}
		out.Blob, out.Key, out.Members = ref.Hash, key, len(list)
		return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "export_codes", reason, detail)
	})
	if err != nil {
		return identity.CodesExported{}, err
	}
	return out, nil
}

// maxLists is how many of the lists that were handed out are told of.
const maxLists = 50

// handedOut are the lists that were handed out, as the audit log has them.
func handedOut(ctx context.Context, db *sqlx.DB, slug string) ([]identity.List, error) {
	var rows []struct {
		At     time.Time `db:"at"`
		By     string    `db:"name"`
		Reason string    `db:"reason"`
		Detail []byte    `db:"detail"`
	}
	if err := db.SelectContext(ctx, &rows, `
		SELECT at, name, reason, detail FROM audit WHERE slug = $1 AND act = 'export_codes' ORDER BY id DESC LIMIT $2`, slug, maxLists); err != nil {
		return nil, fmt.Errorf("lists of codes: %w", err)
	}
	all := make([]identity.List, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row.Detail, &all[i]); err != nil { // its names are those of the detail
			return nil, fmt.Errorf("lists of codes: %w", err)
		}
		all[i].At, all[i].By, all[i].Reason = row.At.UTC(), row.By, row.Reason
	}
	return all, nil
}

// slips are a list for the printing office, whose key the roster names from then
// on.
func (r *Rosters) slips(ctx context.Context, tx *sqlx.Tx, in identity.ExportCodes, export int, list []identity.Coded) ([]byte, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE roster SET printer = $2 WHERE slug = $1`, in.Slug, r.office.Printer.Key); err != nil {
		return nil, fmt.Errorf("export codes: %w", err)
	}
	return r.office.Printer.Seal(codelist.Slips{
		Slug: in.Slug, Export: export, Title: in.Title, Address: strings.TrimSuffix(r.office.Address, "/") + "/s/" + in.Slug, Codes: list,
	})
}

// left is how many members are not on a list: what was not handed to an organizer
// before is not by a list for all.
func left(ctx context.Context, tx *sqlx.Tx, slug string, list []identity.Coded) (n int, err error) {
	members := make([]string, len(list))
	for i, c := range list {
		members[i] = c.Member
	}
	if err := tx.GetContext(ctx, &n, `
		SELECT count(*) FROM roster_member WHERE slug = $1 AND (handed IS NOT NULL OR delivered = 'waiting') AND member <> ALL ($2)`,
		slug, pq.Array(members)); err != nil {
		return 0, fmt.Errorf("export codes: %w", err)
	}
	return n, nil
}

// renew gives codes to members who have none, or whose letter with one was given
// up, and, if all is set, new codes to all whose code an organizer could have
// read; slips are replaced by slips. Who waits for a letter is left out. replaced
// are the generations of those who had one.
func (r *Rosters) renew(
	ctx context.Context, tx *sqlx.Tx, in identity.ExportCodes, all bool,
) (list []identity.Coded, replaced map[string]uint32, err error) {
	var rows []struct {
		Member       string `db:"member"`
		Name         string `db:"name"`
		Constituency string `db:"constituency"`
		Had          bool   `db:"had"`
		Generation   uint32 `db:"generation"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT member, name, constituency, code IS NOT NULL AS had, generation FROM roster_member
		WHERE slug = $1 AND delivered IS DISTINCT FROM 'waiting'
		  AND (code IS NULL OR delivered = 'failed' OR $2 AND (handed IS NULL OR handed = 'slip' AND $3))
		ORDER BY place FOR UPDATE`, in.Slug, all, in.Form == identity.FormSealed); err != nil {
		return nil, nil, fmt.Errorf("export codes: %w", err)
	}
	switch {
	case len(rows) == 0:
		return nil, nil, identity.ErrCodesExported.At(fault.Wrong("reason", "reason_to_replace", "says why all codes are replaced"))
	case len(rows) > in.Most:
		return nil, nil, identity.ErrCodesTooMany.With("codes", strconv.Itoa(len(rows))).With("most", strconv.Itoa(in.Most))
	}
	list, replaced = make([]identity.Coded, len(rows)), map[string]uint32{}
	members, hashes := make([]string, len(rows)), make([][]byte, len(rows))
	for i, m := range rows {
		c := newCode()
		list[i] = identity.Coded{Member: m.Member, Name: m.Name, Constituency: m.Constituency, Code: c.String()}
		members[i], hashes[i] = m.Member, r.key.hash(in.Slug, c)
		if m.Had {
			replaced[m.Member] = m.Generation + 1
		}
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE roster_member m SET code = n.code, generation = m.generation + (m.code IS NOT NULL)::int,
		       handed = CASE WHEN $4 THEN 'slip' END, letter = NULL, delivered = NULL
		FROM unnest($2::text[], $3::bytea[]) AS n (member, code) WHERE m.slug = $1 AND m.member = n.member`,
		in.Slug, pq.Array(members), pq.Array(hashes), in.Form == identity.FormSealed); err != nil {
		return nil, nil, fmt.Errorf("export codes: %w", err)
	}
	return list, replaced, nil
}

// ReplaceCode implements identity.Service.
func (r *Rosters) ReplaceCode(ctx context.Context, in identity.ReplaceCode) (identity.CodeReplaced, error) {
	reason := strings.TrimSpace(in.Reason)
	if err := identity.ErrRosterInvalid.Check(audit.Reason(reason)); err != nil {
		return identity.CodeReplaced{}, err
	}
	c := newCode()
	out := identity.CodeReplaced{Coded: identity.Coded{Member: in.Member, Code: c.String()}}
	err := pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		if _, err := lock(ctx, tx, in.Slug); errors.Is(err, identity.ErrNoRoster) {
			return identity.ErrNoMember
		} else if err != nil {
			return err
		}
		var now struct {
			Name         string `db:"name"`
			Constituency string `db:"constituency"`
			Generation   uint32 `db:"generation"`
			Had          bool   `db:"had"`
		}
		err := tx.GetContext(ctx, &now, `
			UPDATE roster_member m SET code = $3, generation = m.generation + (m.code IS NOT NULL)::int, handed = NULL, letter = NULL, delivered = NULL
			FROM (SELECT code IS NOT NULL AS had FROM roster_member WHERE slug = $1 AND member = $2) was
			WHERE m.slug = $1 AND m.member = $2 RETURNING m.name, m.constituency, m.generation, was.had`,
			in.Slug, in.Member, r.key.hash(in.Slug, c))
		if errors.Is(err, sql.ErrNoRows) {
			return identity.ErrNoMember
		}
		if err != nil {
			return fmt.Errorf("replace code: %w", err)
		}
		out.Name, out.Constituency = now.Name, now.Constituency
		replaced := map[string]uint32{}
		if now.Had {
			replaced[in.Member] = now.Generation
		}
		if out.Replacements, err = r.tell(ctx, tx, in.Slug, replaced); err != nil {
			return err
		}
		return audit.Record(ctx, tx, r.deps.Time(), in.Slug, "replace_code", reason, map[string]any{"member": in.Member, "had_code": now.Had})
	})
	if err != nil {
		return identity.CodeReplaced{}, err
	}
	return out, nil
}

// mostTold bounds the members in one event: voting's ballots wait while it is
// applied.
const mostTold = 5000

// tell publishes members' new generations, and gives the number of such events
// of the roster so far.
func (r *Rosters) tell(ctx context.Context, tx *sqlx.Tx, slug string, replaced map[string]uint32) (replacements int64, err error) {
	var events int
	for batch := range slices.Chunk(slices.Collect(maps.Keys(replaced)), mostTold) {
		e := event.CodesReplaced{Generations: make(map[string]uint32, len(batch))}
		for _, member := range batch {
			e.Generations[event.VoterHash(slug, r.key.voter(slug, member))] = replaced[member]
		}
		if err := outbox.Append(ctx, tx, r.deps.Time(), slug, event.ReplacedAggregate, e); err != nil {
			return 0, err
		}
		events++
	}
	err = tx.GetContext(ctx, &replacements, `UPDATE roster SET replacements = replacements + $2 WHERE slug = $1 RETURNING replacements`, slug, events)
	if err != nil {
		return 0, fmt.Errorf("replace codes: %w", err)
	}
	return replacements, nil
}
