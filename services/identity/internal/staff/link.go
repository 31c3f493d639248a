package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

const (
	// resetLife is how long a link to set a new password is good.
	resetLife = time.Hour
	// maxLinkToken is the longest token in characters.
	maxLinkToken = 128
)

// link is what a token stands for.
type link struct {
	Account string  `db:"account"`
	Slug    *string `db:"slug"` // nil: it was mailed
}

func (l link) mailed() bool { return l.Slug == nil }

// newLink makes a link and gives its token.
func (s *Staff) newLink(ctx context.Context, tx *sqlx.Tx, account string, slug *string, expires time.Time) (token string, err error) {
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM account_link WHERE hash IN (SELECT hash FROM account_link WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)`,
		s.deps.Time()); err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	token = newToken()
	if _, err := tx.ExecContext(ctx, `INSERT INTO account_link (hash, account, slug, expires_at) VALUES ($1, $2, $3, $4)`,
		hash(token), account, slug, expires); err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return token, nil
}

// MailedLink makes the link of a letter. One in the mail lets its reader set the
// password, and so proves the address. Who has been proved needs none to come to a
// selection, and who is disabled gets none: their invitation says that there is an
// account. So what becomes of an invitation does not tell whether there was one.
func (s *Staff) MailedLink(ctx context.Context, tx *sqlx.Tx, l mail.Letter) (token string, wanted bool, err error) {
	var account struct {
		ID       string `db:"id"`
		Proved   bool   `db:"proved"`
		Disabled bool   `db:"disabled"`
	}
	err = tx.GetContext(ctx, &account, `SELECT id, proved_at IS NOT NULL AS proved, disabled_at IS NOT NULL AS disabled FROM account WHERE email = $1`, l.Address)
	if noRows(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("mail a link: %w", err)
	}
	if l.Kind == mail.Reset {
		if account.Disabled {
			return "", false, nil
		}
		token, err = s.newLink(ctx, tx, account.ID, nil, s.deps.Time().Add(resetLife))
		return token, true, err
	}
	if wanted, err := s.wanted(ctx, tx, account.ID, l.Said.Slug); err != nil || !wanted {
		return "", false, err
	}
	if account.Proved || account.Disabled || l.Kind == mail.RoleGiven {
		return "", true, nil
	}
	token, err = s.newLink(ctx, tx, account.ID, nil, s.deps.Time().Add(invitationLife))
	return token, true, err
}

// readLink finds what a token stands for. Fault: ErrLink.
func (s *Staff) readLink(ctx context.Context, q sqlx.QueryerContext, token string) (l link, a identity.Account, err error) {
	if len(token) > maxLinkToken {
		return l, a, identity.ErrLink
	}
	err = sqlx.GetContext(ctx, q, &l, `SELECT account, slug FROM account_link WHERE hash = $1 AND expires_at > $2`, hash(token), s.deps.Time())
	if noRows(err) {
		return l, a, identity.ErrLink
	}
	if err != nil {
		return l, a, fmt.Errorf("read link: %w", err)
	}
	a, err = s.account(ctx, q, `id = $1`, l.Account)
	if err == nil && a.Disabled {
		err = identity.ErrLink
	}
	return l, a, err
}

// needs tells what a link takes to be used. The password of an account that is
// claimed is changed by who reads its mail, and by nobody to whom a link was
// handed.
func (l link) needs(a identity.Account) identity.Needs {
	if l.mailed() || a.State == identity.StateInvited {
		return identity.NeedsNew
	}
	return identity.NeedsPresent
}

// ReadLink implements identity.Service.
func (s *Staff) ReadLink(ctx context.Context, in identity.Link) (identity.LinkRead, error) {
	l, a, err := s.readLink(ctx, s.deps.DB, in.Token)
	if err != nil {
		return identity.LinkRead{}, err
	}
	return identity.LinkRead{Email: a.Email, Name: a.Name, State: a.State, Needs: l.needs(a)}, nil
}

// ClaimAccount implements identity.Service.
func (s *Staff) ClaimAccount(ctx context.Context, in identity.ClaimAccount) (identity.Account, error) {
	l, a, err := s.readLink(ctx, s.deps.DB, in.Token)
	if err != nil {
		return a, err
	}
	c := claim{link: l, needs: l.needs(a), state: a.State, name: strings.TrimSpace(in.Name)}
	switch c.needs {
	case identity.NeedsNew:
		if c.name == "" {
			c.name = a.Name
		}
		named := a
		named.Name = c.name
		if err := identity.ErrInvalid.Check(append(checkName(c.name), checkPassword(in.Password, named)...)); err != nil {
			return a, err
		}
		c.password, err = s.hasher.hash(ctx, in.Password)
	case identity.NeedsPresent:
		c.present, err = s.present(ctx, identity.SignIn{Email: a.Email, Password: in.Password, Network: in.Network, Around: in.Around})
	}
	if err != nil {
		return a, err
	}
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		a, err = s.claim(ctx, tx, in.Token, c)
		return err
	})
	return a, err
}

// claim is a link whose use is in order as far as was seen.
type claim struct {
	link     link
	needs    identity.Needs
	state    identity.State
	name     string
	password string // hash of the new one
	present  try    // of the present one
}

// claim does what a link is for, if the account is still as it was seen: of two
// links that are used at once, one may find it claimed. The account is locked
// before its links, here and everywhere.
func (s *Staff) claim(ctx context.Context, tx *sqlx.Tx, token string, c claim) (identity.Account, error) {
	a, err := s.locked(ctx, tx, `id = $1`, c.link.Account)
	if err != nil {
		return a, err
	}
	done, err := tx.ExecContext(ctx, `DELETE FROM account_link WHERE hash = $1`, hash(token))
	if err != nil {
		return a, fmt.Errorf("use link: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return a, orLink(err)
	}
	if a.State != c.state || a.Disabled {
		return a, identity.ErrLink
	}
	now := s.deps.Time()
	ctx = as(ctx, a)
	if err := came(ctx, tx, a.ID, now); err != nil {
		return a, err
	}
	if c.needs == identity.NeedsNew {
		if err := s.setPassword(ctx, tx, a, c.name, c.password); err != nil {
			return a, err
		}
	}
	act, slug := "claim_account", ""
	switch {
	case c.link.mailed():
		if a.State == identity.StateProved {
			act = "reset_password"
		} else {
			act = "prove_account"
		}
		_, err = tx.ExecContext(ctx, `UPDATE account SET proved_at = coalesce(proved_at, $2) WHERE id = $1`, a.ID, now)
		if err == nil { // whatever else was mailed or handed over before is used up
			_, err = tx.ExecContext(ctx, `DELETE FROM account_link WHERE account = $1`, a.ID)
		}
	default:
		slug = *c.link.Slug
		err = s.vouch(ctx, tx, a, slug, c)
	}
	if err != nil {
		return a, fmt.Errorf("use link: %w", err)
	}
	if err := audit.Record(ctx, tx, now, slug, act, "", map[string]string{"email": a.Email}); err != nil {
		return a, err
	}
	if err := s.tell(ctx, tx, a, c); err != nil {
		return a, err
	}
	return s.account(ctx, tx, `id = $1`, a.ID)
}

// vouch has an account's roles count in a selection, for whoever holds its
// present password.
func (s *Staff) vouch(ctx context.Context, tx *sqlx.Tx, a identity.Account, slug string, c claim) error {
	if c.needs == identity.NeedsPresent {
		if err := s.shown(ctx, tx, c.present); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO account_vouch (account, slug) VALUES ($1, $2) ON CONFLICT DO NOTHING`, a.ID, slug)
	return err
}

// tell writes to the holder of the address: of a claim by a link that did not
// come by mail, and of a password that is no longer the one before.
func (s *Staff) tell(ctx context.Context, tx *sqlx.Tx, a identity.Account, c claim) error {
	switch {
	case !c.link.mailed() && a.State != identity.StateProved:
		return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.Claimed, Address: a.Email, Said: mail.Said{Slug: *c.link.Slug}})
	case c.link.mailed() && c.needs == identity.NeedsNew && a.State != identity.StateInvited:
		return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.PasswordChanged, Address: a.Email})
	}
	return nil
}

// orLink is err, or where there is none ErrLink.
func orLink(err error) error {
	if err == nil {
		err = identity.ErrLink
	}
	return err
}

// AskReset implements identity.Service. Whether there is such an account is
// found out when the letter is sent.
func (s *Staff) AskReset(ctx context.Context, in identity.Lookup) (identity.ResetAsked, error) {
	email := normalize(in.Email)
	if err := identity.ErrInvalid.Check(checkEmail(email)); err != nil {
		return identity.ResetAsked{}, err
	}
	if !s.mail.On() {
		return identity.ResetAsked{}, identity.ErrNoMail
	}
	return identity.ResetAsked{}, pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		return s.mail.Add(ctx, tx, mail.Letter{Kind: mail.Reset, Address: email})
	})
}

// present holds what was typed against an account's password: tries count as
// those at sign-in do. Faults: ErrTooManyTries, ErrPassword, errBusy.
func (s *Staff) present(ctx context.Context, in identity.SignIn) (try, error) {
	t, err := s.prove(ctx, in)
	if errors.Is(err, identity.ErrSignIn) {
		err = identity.ErrPassword
	}
	return t, err
}

// shown gives back what a try was counted by, and holds the account, if the
// password is still the one that was shown. Fault: ErrPassword.
func (s *Staff) shown(ctx context.Context, tx *sqlx.Tx, t try) error {
	err := s.still(ctx, tx, t)
	if errors.Is(err, identity.ErrSignIn) {
		return identity.ErrPassword
	}
	if err != nil {
		return err
	}
	return s.succeeded(ctx, tx, t, s.deps.Time())
}
