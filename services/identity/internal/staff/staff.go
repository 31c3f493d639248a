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

// Config is what the accounts need to be told.
type Config struct {
	SessionTTL time.Duration
	SignIns    []byte          // key that hashes what sign-ins are counted by
	Factors    []byte          // key that seals what is kept of factors; 32 bytes
	Required   []identity.Role // that take a second factor
	PublicURL  string          // how browsers reach the pages; passkeys are bound to its name
	Cost       Cost            // of hashing passwords
}

// Staff is the accounts.
type Staff struct {
	deps     run.Deps
	hasher   *hasher
	ttl      time.Duration // of a session
	mac      mac.Key       // hashes what sign-ins are counted by
	mail     *mail.Queue
	seal     seal
	required []identity.Role
	passkeys *passkeys // nil: none are taken
}

// New keeps accounts in deps' database. What holders are told goes by the queue.
func New(deps run.Deps, cfg Config, queue *mail.Queue) (*Staff, error) {
	sealed, err := newSeal(cfg.Factors)
	if err != nil {
		return nil, err
	}
	keys, err := newPasskeys(cfg.PublicURL)
	return &Staff{deps, newHasher(cfg.Cost), cfg.SessionTTL, mac.New(cfg.SignIns), queue, sealed, cfg.Required, keys}, err
}

// Bare are the accounts for a command, which signs nobody in, opens no factor and
// sends no mail.
func Bare(deps run.Deps) *Staff {
	return &Staff{deps: deps, hasher: newHasher(Cost{}), mac: mac.New(nil), mail: mail.Off()}
}

// FindAccount implements identity.Service.
func (s *Staff) FindAccount(ctx context.Context, in identity.Lookup) (identity.Account, error) {
	if in.Slug == "" {
		return s.account(ctx, s.deps.DB, `email = $1`, normalize(in.Email))
	}
	return s.findIn(ctx, s.deps.DB, in.Slug, `email = $1`, normalize(in.Email))
}

// ListStaff implements identity.Service.
func (s *Staff) ListStaff(ctx context.Context, in identity.ListStaff) ([]identity.Account, error) {
	return s.listIn(ctx, s.deps.DB, in.Slug, `id IS NOT NULL`)
}

func (s *Staff) account(ctx context.Context, q sqlx.QueryerContext, where string, arg any) (identity.Account, error) {
	found, err := s.list(ctx, q, where, arg)
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
func (s *Staff) list(ctx context.Context, q sqlx.QueryerContext, where string, args ...any) ([]identity.Account, error) {
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
		Until     pq.StringArray `db:"until"` // RFC 3339; "" where the role has no end
		Vouched   pq.BoolArray   `db:"vouched"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT a.id, a.email, a.name, a.created_at, a.password IS NOT NULL AS claimed, a.proved_at IS NOT NULL AS proved,
		       a.disabled_at IS NOT NULL AS disabled, g.slug, g.role, g.scope, g.until, g.vouched
		FROM account a CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(x.slug ORDER BY x.slug, role, scope), '{}') AS slug,
			       coalesce(array_agg(role ORDER BY x.slug, role, scope), '{}') AS role,
			       coalesce(array_agg(scope ORDER BY x.slug, role, scope), '{}') AS scope,
			       coalesce(array_agg(coalesce(to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') ORDER BY x.slug, role, scope), '{}') AS until,
			       coalesce(array_agg(v.slug IS NOT NULL ORDER BY x.slug, role, scope), '{}') AS vouched
			FROM account_grant x LEFT JOIN account_vouch v ON v.account = x.account AND v.slug = x.slug
			WHERE x.account = a.id
		) g WHERE a.`+where+` ORDER BY a.name, a.email`, args...); err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	accounts, now := make([]identity.Account, len(rows)), s.deps.Time()
	for i, r := range rows {
		a := identity.Account{
			ID: r.ID, Email: r.Email, Name: r.Name, CreatedAt: r.CreatedAt.UTC(), State: state(r.Claimed, r.Proved), Disabled: r.Disabled,
			Grants: []identity.Grant{},
		}
		for j := range r.Slug {
			g := identity.Grant{Slug: r.Slug[j], Role: identity.Role(r.Role[j]), Scope: r.Scope[j]}
			if r.Until[j] != "" {
				var err error
				if g.Until, err = time.Parse(time.RFC3339Nano, r.Until[j]); err != nil {
					return nil, fmt.Errorf("accounts: %w", err)
				}
			}
			switch {
			case !g.Until.IsZero() && !now.Before(g.Until):
				a.Ended = append(a.Ended, g)
			case !a.Disabled && (a.State == identity.StateProved || a.State == identity.StateUnproved && r.Vouched[j]):
				a.Grants = append(a.Grants, g)
			default:
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
