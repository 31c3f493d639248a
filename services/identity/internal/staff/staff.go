package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/mac"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// Staff is the accounts.
type Staff struct {
	deps   run.Deps
	hasher *hasher
	ttl    time.Duration // of a session
	mac    mac.Key       // hashes what sign-ins are counted by
	mail   *mail.Queue
}

// New keeps accounts in deps' database; sessions live for ttl. Sign-ins are
// counted by hashes with the key. What holders are told goes by the queue.
func New(deps run.Deps, ttl time.Duration, key []byte, queue *mail.Queue) *Staff {
	return &Staff{deps, newHasher(), ttl, mac.New(key), queue}
}

// FindAccount implements identity.Service.
func (s *Staff) FindAccount(ctx context.Context, in identity.Lookup) (identity.Account, error) {
	if in.Slug == "" {
		return find(ctx, s.deps.DB, `email = $1`, normalize(in.Email))
	}
	return findIn(ctx, s.deps.DB, in.Slug, `email = $1`, normalize(in.Email))
}

// ListStaff implements identity.Service.
func (s *Staff) ListStaff(ctx context.Context, in identity.ListStaff) ([]identity.Account, error) {
	return listIn(ctx, s.deps.DB, in.Slug, `id IS NOT NULL`)
}

func find(ctx context.Context, q sqlx.QueryerContext, where string, arg any) (identity.Account, error) {
	found, err := list(ctx, q, where, arg)
	if err == nil && len(found) == 0 {
		err = identity.ErrNoAccount
	}
	if err != nil {
		return identity.Account{}, err
	}
	return found[0], nil
}

// list reads accounts with their grants in one statement. Which grants count is
// decided here and nowhere else.
func list(ctx context.Context, q sqlx.QueryerContext, where string, args ...any) ([]identity.Account, error) {
	var rows []struct {
		ID        string         `db:"id"`
		Email     string         `db:"email"`
		Name      string         `db:"name"`
		CreatedAt time.Time      `db:"created_at"`
		Claimed   bool           `db:"claimed"`
		Proved    bool           `db:"proved"`
		Disabled  bool           `db:"disabled"`
		Slug      pq.StringArray `db:"slug"`
		Role      pq.StringArray `db:"role"`
		Scope     pq.StringArray `db:"scope"`
		Vouched   pq.BoolArray   `db:"vouched"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT a.id, a.email, a.name, a.created_at, a.password IS NOT NULL AS claimed, a.proved_at IS NOT NULL AS proved,
		       a.disabled_at IS NOT NULL AS disabled, g.slug, g.role, g.scope, g.vouched
		FROM account a CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(x.slug ORDER BY x.slug, role, scope), '{}') AS slug,
			       coalesce(array_agg(role ORDER BY x.slug, role, scope), '{}') AS role,
			       coalesce(array_agg(scope ORDER BY x.slug, role, scope), '{}') AS scope,
			       coalesce(array_agg(v.slug IS NOT NULL ORDER BY x.slug, role, scope), '{}') AS vouched
			FROM account_grant x LEFT JOIN account_vouch v ON v.account = x.account AND v.slug = x.slug
			WHERE x.account = a.id
		) g WHERE a.`+where+` ORDER BY a.name, a.email`, args...); err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	accounts := make([]identity.Account, len(rows))
	for i, r := range rows {
		a := identity.Account{
			ID: r.ID, Email: r.Email, Name: r.Name, CreatedAt: r.CreatedAt.UTC(), State: state(r.Claimed, r.Proved), Disabled: r.Disabled,
			Grants: []identity.Grant{},
		}
		for j := range r.Slug {
			g := identity.Grant{Slug: r.Slug[j], Role: identity.Role(r.Role[j]), Scope: r.Scope[j]}
			if !a.Disabled && (a.State == identity.StateProved || a.State == identity.StateUnproved && r.Vouched[j]) {
				a.Grants = append(a.Grants, g)
			} else {
				a.Pending = append(a.Pending, g)
			}
		}
		accounts[i] = a
	}
	return accounts, nil
}

func state(claimed, proved bool) identity.State {
	switch {
	case !claimed:
		return identity.StateInvited
	case !proved:
		return identity.StateUnproved
	}
	return identity.StateProved
}

func normalize(email string) string { return mail.Normalize(email) }

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
