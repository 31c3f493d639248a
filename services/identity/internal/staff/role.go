package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// change is an act on an account's roles, as the audit log calls it.
type change string

const (
	grant  change = "grant_role"
	revoke change = "revoke_role"
)

// GrantRole implements identity.Service.
func (s *Staff) GrantRole(ctx context.Context, in identity.Change) (identity.Account, error) {
	return s.change(ctx, grant, in)
}

// RevokeRole implements identity.Service.
func (s *Staff) RevokeRole(ctx context.Context, in identity.Change) (identity.Account, error) {
	return s.change(ctx, revoke, in)
}

func (s *Staff) change(ctx context.Context, c change, in identity.Change) (account identity.Account, err error) {
	fields := grantFields(in.Grant)
	if c == grant {
		fields = append(fields, s.checkUntil(in.Grant)...)
	}
	if err := identity.ErrInvalid.Check(fields); err != nil {
		return account, err
	}
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if account, err = s.account(ctx, tx, `email = $1`, normalize(in.Email)); err != nil {
			return err
		}
		// Whoever may take roles in a selection learns nothing of who has none there.
		here := func(g identity.Grant) bool { return g.Slug == in.Slug }
		if c == revoke && !slices.ContainsFunc(slices.Concat(account.Grants, account.Pending, account.Ended), here) {
			account = identity.Account{}
			return identity.ErrNoAccount
		}
		if err := s.apply(ctx, tx, c, account, in.Grant); err != nil {
			return err
		}
		if c == revoke {
			if err := s.withdraw(ctx, tx, account, in.Slug); err != nil {
				return err
			}
		}
		account, err = s.toldOf(ctx, tx, in.Slug, account.ID)
		return err
	})
	return account, err
}

// apply changes a role of an account, and audits it unless it was so already.
// Fault: ErrLastOperator.
func (s *Staff) apply(ctx context.Context, tx *sqlx.Tx, c change, a identity.Account, g identity.Grant) error {
	if g.Slug == operator.Slug && g.Role == operator.Role && (c == revoke || !g.Until.IsZero()) {
		return keepOperator(ctx, tx, func() error { return s.write(ctx, tx, c, a, g) })
	}
	return s.write(ctx, tx, c, a, g)
}

func (s *Staff) write(ctx context.Context, tx *sqlx.Tx, c change, a identity.Account, g identity.Grant) error {
	statement, args := `DELETE FROM account_grant WHERE account = $1 AND slug = $2 AND role = $3 AND scope = $4`, []any{a.ID, g.Slug, g.Role, g.Scope}
	if c == grant {
		statement = `
			INSERT INTO account_grant AS old (account, slug, role, scope, until) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account, slug, role, scope) DO UPDATE SET until = excluded.until WHERE old.until IS DISTINCT FROM excluded.until`
		args = append(args, sql.NullTime{Time: g.Until, Valid: !g.Until.IsZero()})
	} else {
		g.Until = time.Time{}
	}
	res, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	} else if n == 0 {
		return nil
	}
	return audit.Record(ctx, tx, s.deps.Time(), g.Slug, string(c), "", identity.Change{Email: a.Email, Grant: g})
}

// maxUntil is how far off the end of a role may be.
const maxUntil = 5 * 366 * 24 * time.Hour

// checkUntil says what is wrong with the end of a role.
func (s *Staff) checkUntil(g identity.Grant) []fault.Field {
	now := s.deps.Time()
	switch {
	case g.Until.IsZero():
		return nil
	case !g.Until.After(now):
		return []fault.Field{fault.Wrong("until", "until_past", "is over already")}
	case g.Until.After(now.Add(maxUntil)):
		return []fault.Field{fault.Wrong("until", "until_far", "is more than five years away")}
	}
	return nil
}

func checkGrant(g identity.Grant) error { return identity.ErrInvalid.Check(grantFields(g)) }

func grantFields(g identity.Grant) (fields []fault.Field) {
	switch g.Role {
	case identity.Organizer, identity.Committee, identity.Auditor:
		if g.Scope != "" {
			fields = append(fields, fault.Wrong("scope", "role_without_scope", "this role has none"))
		}
	case identity.Vetter, identity.Juror, identity.Signer:
		if g.Scope == "" {
			fields = append(fields, fault.Required("scope"))
		}
	default:
		fields = append(fields, fault.OneOf("role", identity.Roles()...))
	}
	if g.Slug == "" {
		fields = append(fields, fault.Required("slug"))
	}
	return fields
}

// Handlers give and take the role of jurors as they come to panels and leave
// them. They touch no role but juror, in that panel of that selection.
func (s *Staff) Handlers() []outbox.Handler {
	return []outbox.Handler{
		outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.JurorSeated) error {
			return s.juror(ctx, tx, grant, env, e.Panel, e.Account)
		}),
		outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.JurorLeft) error {
			return s.juror(ctx, tx, revoke, env, e.Panel, e.Account)
		}),
	}
}

// juror changes the role of a juror, as far as review may say so: in one panel
// of one selection, of an account that is here. What it may not say changes
// nothing, and no event that follows waits for it. An account that is not here
// has no roles and never will, because ids are not used again.
func (s *Staff) juror(ctx context.Context, tx *sqlx.Tx, c change, env event.Envelope, panel, account string) error {
	g := identity.Grant{Slug: env.Slug, Role: identity.Juror, Scope: panel}
	refused := func(why string) error {
		s.deps.Log.WarnContext(ctx, "a juror's seat changes no role: "+why,
			"act", string(c), "account", account, "slug", g.Slug, "panel", g.Scope, "publisher", env.Publisher)
		return nil
	}
	if env.Publisher != event.Review || !event.ValidSlug(g.Slug) || checkGrant(g) != nil {
		return refused("it is no panel of a selection")
	}
	id, err := uuid.Parse(account)
	if err != nil {
		return refused("there is no account")
	}
	a, err := s.account(ctx, tx, `id = $1`, id)
	switch {
	case errors.Is(err, identity.ErrNoAccount):
		return refused("there is no account")
	case err != nil:
		return err
	}
	return s.apply(ctx, tx, c, a, g)
}
