package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/services/identity"
)

// listIn gives accounts as the organizers of a selection are told of them: those
// that have no role there are not there, and of one whose holder has not come
// they learn what they have said themselves. It takes the same statements for an
// account that there was and for one that the invitation made.
func (s *Staff) listIn(ctx context.Context, q sqlx.QueryerContext, slug, where string, args ...any) ([]identity.Account, error) {
	args = append(args, slug)
	found, err := s.list(ctx, q, fmt.Sprintf(`id IN (SELECT account FROM account_grant WHERE slug = $%d) AND a.%s`, len(args), where), args...)
	if err != nil {
		return nil, err
	}
	return found, asTold(ctx, q, slug, found)
}

// findIn is listIn of one. Fault: ErrNoAccount.
func (s *Staff) findIn(ctx context.Context, q sqlx.QueryerContext, slug, where string, arg any) (identity.Account, error) {
	found, err := s.listIn(ctx, q, slug, where, arg)
	if err == nil && len(found) == 0 {
		err = identity.ErrNoAccount
	}
	if err != nil {
		return identity.Account{}, err
	}
	return found[0], nil
}

// toldOf reads an account as a selection's organizers are told of it, also when
// its last role there has just gone.
func (s *Staff) toldOf(ctx context.Context, q sqlx.QueryerContext, slug, id string) (identity.Account, error) {
	a, err := s.account(ctx, q, `id = $1`, id)
	if err != nil {
		return a, err
	}
	one := []identity.Account{a}
	err = asTold(ctx, q, slug, one)
	return one[0], err
}

// asTold makes of accounts what a selection's organizers are told of them.
func asTold(ctx context.Context, q sqlx.QueryerContext, slug string, accounts []identity.Account) error {
	ids := make([]string, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	var rows []struct {
		Account   string    `db:"account"`
		Name      string    `db:"name"`
		CreatedAt time.Time `db:"created_at"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT account, name, created_at FROM account_member WHERE slug = $1 AND came_at IS NULL AND account = ANY ($2::uuid[])`,
		slug, pq.Array(ids)); err != nil {
		return fmt.Errorf("members: %w", err)
	}
	for _, r := range rows {
		a := &accounts[slices.Index(ids, r.Account)]
		elsewhere := func(g identity.Grant) bool { return g.Slug != slug }
		roles := slices.DeleteFunc(slices.Concat(a.Grants, a.Pending), elsewhere)
		slices.SortFunc(roles, func(x, y identity.Grant) int {
			return strings.Compare(string(x.Role)+" "+x.Scope, string(y.Role)+" "+y.Scope)
		})
		*a = identity.Account{
			ID: a.ID, Email: a.Email, Name: r.Name, CreatedAt: r.CreatedAt.UTC(), State: identity.StateInvited, Grants: []identity.Grant{}, Pending: roles,
			Ended: slices.DeleteFunc(slices.Clone(a.Ended), elsewhere),
		}
	}
	return nil
}

// invited notes what is said of an account that is new in a selection, and tells
// whether its holder has come there.
func (s *Staff) invited(ctx context.Context, tx *sqlx.Tx, a identity.Account, in identity.Invite) (came bool, err error) {
	if in.Slug == identity.AnySelection {
		return true, nil
	}
	here := func(g identity.Grant) bool { return g.Slug == in.Slug }
	if !slices.ContainsFunc(slices.Concat(a.Grants, a.Pending, a.Ended), here) {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO account_member (account, slug, name, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account, slug) DO UPDATE SET name = excluded.name, created_at = excluded.created_at WHERE account_member.came_at IS NULL`,
			a.ID, in.Slug, in.Name, s.deps.Time()); err != nil {
			return false, fmt.Errorf("invite: %w", err)
		}
	}
	if err := tx.GetContext(ctx, &came, `
		SELECT NOT EXISTS (SELECT FROM account_member WHERE account = $1 AND slug = $2 AND came_at IS NULL)`, a.ID, in.Slug); err != nil {
		return false, fmt.Errorf("invite: %w", err)
	}
	return came, nil
}

// came notes that an account's holder is there.
func came(ctx context.Context, tx *sqlx.Tx, account string, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE account_member SET came_at = $2 WHERE account = $1 AND came_at IS NULL`, account, now); err != nil {
		return fmt.Errorf("members: %w", err)
	}
	return nil
}
