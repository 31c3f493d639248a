package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// invitationLife is how long the link of an invitation is good.
const invitationLife = 7 * 24 * time.Hour

// Invite implements identity.Service.
func (s *Staff) Invite(ctx context.Context, in identity.Invite) (out identity.Invited, err error) {
	in = named(in)
	if err := identity.ErrInvalid.Check(s.inviteFields(in)); err != nil {
		return out, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		out, err = s.invite(ctx, tx, in)
		return err
	})
	return out, err
}

// named is an invitation to an address as it is kept; whoever has no name is
// called by it.
func named(in identity.Invite) identity.Invite {
	in.Email, in.Name = normalize(in.Email), strings.TrimSpace(in.Name)
	if in.Name == "" {
		in.Name = in.Email
	}
	return in
}

func (s *Staff) invite(ctx context.Context, tx *sqlx.Tx, in identity.Invite) (out identity.Invited, err error) {
	a, err := s.invitee(ctx, tx, in)
	if err != nil {
		return out, err
	}
	came, err := s.invited(ctx, tx, a, in)
	if err != nil {
		return out, err
	}
	if err := s.apply(ctx, tx, grant, a, in.Grant); err != nil {
		return out, err
	}
	if a, err = s.account(ctx, tx, `id = $1`, a.ID); err != nil {
		return out, err
	}
	if out.Invitation, err = s.invitation(ctx, tx, a, in, came); err != nil {
		return out, err
	}
	out.Account, err = s.toldOf(ctx, tx, in.Slug, a.ID)
	return out, err
}

func (s *Staff) inviteFields(in identity.Invite) []fault.Field {
	fields := append(checkEmail(in.Email), checkName(in.Name)...)
	fields = append(append(fields, grantFields(in.Grant)...), s.checkUntil(in.Grant)...)
	if in.HandOver && in.Slug == identity.AnySelection {
		fields = append(fields, fault.Wrong("hand_over", "hand_over_everywhere", "a link for all selections is only mailed"))
	}
	return fields
}

// invitee is the account of an address; where there is none, one that nobody has
// claimed.
func (s *Staff) invitee(ctx context.Context, tx *sqlx.Tx, in identity.Invite) (identity.Account, error) {
	id, err := uuid.NewRandom() // which tells no time
	if err != nil {
		return identity.Account{}, fmt.Errorf("invite: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO account (id, email, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (email) DO NOTHING`,
		id, in.Email, in.Name, s.deps.Time()); err != nil {
		return identity.Account{}, fmt.Errorf("invite: %w", err)
	}
	return s.locked(ctx, tx, `email = $1`, in.Email)
}

// invitation is how the holder of an account comes to claim it, for a role in a
// selection; nil: there is no need. A letter goes to every address that is not
// proved, also where a stranger may have claimed it in the same selection. Until
// the holder has come to the selection there always is one, also for an account
// that needs none, so that whoever invites does not learn of it.
func (s *Staff) invitation(ctx context.Context, tx *sqlx.Tx, a identity.Account, in identity.Invite, came bool) (*identity.Invitation, error) {
	i := &identity.Invitation{Mailed: s.mail.On() && !in.HandOver, ExpiresAt: s.deps.Time().Add(invitationLife)}
	if came && (a.State == identity.StateProved || a.Disabled || !i.Mailed && slices.ContainsFunc(a.Grants, in.Same)) {
		return nil, nil //nolint:nilnil // see above
	}
	if !i.Mailed && in.Slug == identity.AnySelection {
		return nil, identity.ErrInvalid.At(fault.Wrong("email", "address_unproved", "is not proved, and this installation sends no mail to prove it by"))
	}
	if err := audit.Record(ctx, tx, s.deps.Time(), in.Slug, "invite_account", "", inviting{a.Email, i.Mailed}); err != nil {
		return nil, err
	}
	if i.Mailed {
		kind := mail.Invitation
		if a.State == identity.StateProved {
			kind = mail.RoleGiven
		}
		return i, s.mail.Add(ctx, tx, mail.Letter{Kind: kind, Address: a.Email, Said: mail.Said{By: s.inviter(ctx, tx), Slug: said(in.Slug)}})
	}
	// Of the links that organizers of a selection hand over the last one counts.
	if _, err := tx.ExecContext(ctx, `DELETE FROM account_link WHERE account = $1 AND slug = $2`, a.ID, in.Slug); err != nil {
		return nil, fmt.Errorf("invite: %w", err)
	}
	var err error
	i.Token, err = s.newLink(ctx, tx, a.ID, &in.Slug, i.ExpiresAt)
	return i, err
}

// inviting is what the log of acts says of an invitation.
type inviting struct {
	Email  string `json:"email"`
	Mailed bool   `json:"mailed"`
}

// inviter is the address of who acts, for the letter.
func (s *Staff) inviter(ctx context.Context, tx *sqlx.Tx) string {
	who := actor.From(ctx)
	if id, err := uuid.Parse(who.ID); err == nil {
		if a, err := s.account(ctx, tx, `id = $1`, id); err == nil {
			return a.Email
		}
	}
	return "Laurel"
}

// said is a selection as a letter names it.
func said(slug string) string {
	if slug == identity.AnySelection {
		return ""
	}
	return slug
}

// locked finds an account and keeps others from changing it until the
// transaction ends.
func (s *Staff) locked(ctx context.Context, tx *sqlx.Tx, where string, arg any) (identity.Account, error) {
	if _, err := tx.ExecContext(ctx, `SELECT FROM account WHERE `+where+` FOR NO KEY UPDATE`, arg); err != nil {
		return identity.Account{}, fmt.Errorf("lock account: %w", err)
	}
	return s.account(ctx, tx, where, arg)
}
