package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/mac"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
)

const (
	minPassword = 10  // characters
	maxPassword = 128 // bytes: argon2 has no limit, our memory has
	maxName     = 100 // characters
)

// Staff is the accounts.
type Staff struct {
	deps   run.Deps
	hasher *hasher
	ttl    time.Duration // of a session
	mac    mac.Key       // hashes what sign-ins are counted by
}

// New keeps accounts in deps' database; sessions live for ttl. Sign-ins are
// counted by hashes with the key.
func New(deps run.Deps, ttl time.Duration, key []byte) *Staff {
	return &Staff{deps, newHasher(), ttl, mac.New(key)}
}

// CreateAccount implements identity.Service.
func (s *Staff) CreateAccount(ctx context.Context, in identity.CreateAccount) (identity.Account, error) {
	email, name := normalize(in.Email), strings.TrimSpace(in.Name)
	var fields []fault.Field
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		fields = append(fields, fault.Wrong("email", "not_an_email", "is not an email address"))
	}
	if name == "" {
		fields = append(fields, fault.Required("name"))
	}
	fields = append(fields, fault.Text("name", name, maxName)...)
	if utf8.RuneCountInString(in.Password) < minPassword || len(in.Password) > maxPassword {
		fields = append(fields, fault.Wrong("password", "password_length", "takes at least {min} characters and at most {max} bytes",
			"min", minPassword, "max", maxPassword))
	}
	if err := identity.ErrInvalid.Check(fields); err != nil {
		return identity.Account{}, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return identity.Account{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return identity.Account{}, fmt.Errorf("create account: %w", err)
	}
	now := s.deps.Time()
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO account (id, email, name, password, created_at) VALUES ($1, $2, $3, $4, $5)`,
			id, email, name, hash, now); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, "", "create_account", "", map[string]string{"email": email, "name": name})
	})
	if pg.IsUnique(err, "account_email_key") {
		return identity.Account{}, identity.ErrEmailTaken
	}
	if err != nil {
		return identity.Account{}, fmt.Errorf("create account: %w", err)
	}
	return identity.Account{ID: id.String(), Email: email, Name: name, CreatedAt: now, Grants: []identity.Grant{}}, nil
}

// FindAccount implements identity.Service.
func (s *Staff) FindAccount(ctx context.Context, in identity.Lookup) (identity.Account, error) {
	return find(ctx, s.deps.DB, `email = $1`, normalize(in.Email))
}

// ListStaff implements identity.Service.
func (s *Staff) ListStaff(ctx context.Context, in identity.ListStaff) ([]identity.Account, error) {
	return list(ctx, s.deps.DB, `id IN (SELECT account FROM account_grant WHERE slug = $1)`, in.Slug)
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

// list reads accounts with their grants in one statement.
func list(ctx context.Context, q sqlx.QueryerContext, where string, args ...any) ([]identity.Account, error) {
	var rows []struct {
		ID        string         `db:"id"`
		Email     string         `db:"email"`
		Name      string         `db:"name"`
		CreatedAt time.Time      `db:"created_at"`
		Slug      pq.StringArray `db:"slug"`
		Role      pq.StringArray `db:"role"`
		Scope     pq.StringArray `db:"scope"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT a.id, a.email, a.name, a.created_at, g.slug, g.role, g.scope
		FROM account a CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(slug ORDER BY slug, role, scope), '{}') AS slug,
			       coalesce(array_agg(role ORDER BY slug, role, scope), '{}') AS role,
			       coalesce(array_agg(scope ORDER BY slug, role, scope), '{}') AS scope
			FROM account_grant WHERE account = a.id
		) g WHERE a.`+where+` ORDER BY a.name, a.email`, args...); err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	accounts := make([]identity.Account, len(rows))
	for i, r := range rows {
		accounts[i] = identity.Account{ID: r.ID, Email: r.Email, Name: r.Name, CreatedAt: r.CreatedAt.UTC(), Grants: make([]identity.Grant, len(r.Slug))}
		for j := range r.Slug {
			accounts[i].Grants[j] = identity.Grant{Slug: r.Slug[j], Role: identity.Role(r.Role[j]), Scope: r.Scope[j]}
		}
	}
	return accounts, nil
}

func normalize(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
