package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/mail"
	"github.com/laurel-awards/laurel/services/identity/internal/people"
)

// ReadPeople implements identity.Service.
func (s *Staff) ReadPeople(ctx context.Context, in identity.ReadPeople) (out identity.PeopleRead, err error) {
	body, _, err := s.deps.Blobs.In(blob.Uploads).Open(ctx, in.Blob)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return out, identity.ErrInvalid.At(fault.Wrong("blob", "upload_unknown", "there is no such upload"))
	}
	if err != nil {
		return out, fmt.Errorf("read people: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	list, err := people.Read(ctx, body)
	if err != nil {
		return out, err
	}
	out.People, out.Warnings = []identity.Listed{}, list.Warnings
	mistakes := list.Problems
	lines := map[string]int{}
	for _, r := range list.Rows {
		r.Email = normalize(r.Email)
		wrong := checkEmail(r.Email)
		if r.Name != "" {
			wrong = append(wrong, checkName(r.Name)...)
		}
		if first, twice := lines[r.Email]; twice {
			wrong = append(wrong, fault.Wrong("email", "row_twice", "{value} is in row {row} already", "value", r.Email, "row", first))
		}
		if len(wrong) > 0 {
			for _, f := range wrong {
				mistakes = append(mistakes, f.In(r.Line, 0))
			}
			continue
		}
		lines[r.Email] = r.Line
		out.People = append(out.People, identity.Listed{Line: r.Line, Name: r.Name, Email: r.Email})
	}
	slices.SortStableFunc(mistakes, func(a, b fault.Field) int { return a.Line - b.Line })
	for _, f := range mistakes {
		out.Mistakes = append(out.Mistakes, identity.ListMistake{Line: f.Line, Field: f.Name, Code: f.Code, Message: f.Message, Params: f.Params})
	}
	return out, s.holding(ctx, in.Slug, out.People)
}

// holding fills in which roles those of a list have in a selection.
func (s *Staff) holding(ctx context.Context, slug string, list []identity.Listed) error {
	staff, err := s.ListStaff(ctx, identity.ListStaff{Slug: slug})
	if err != nil {
		return err
	}
	has := map[string][]identity.Grant{}
	for _, a := range staff {
		for _, g := range slices.Concat(a.Grants, a.Pending) {
			if g.Slug == slug {
				has[a.Email] = append(has[a.Email], g)
			}
		}
	}
	for i := range list {
		list[i].Has = has[list[i].Email]
	}
	return nil
}

// InvitePeople implements identity.Service.
func (s *Staff) InvitePeople(ctx context.Context, in identity.InvitePeople) (out []identity.Invited, err error) {
	if err := s.checkPeople(in); err != nil {
		return nil, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		out = make([]identity.Invited, len(in.People))
		// Accounts are locked in one order, whoever invites the same people at once.
		order := make([]int, len(in.People))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return compare(in.People[a].Email, in.People[b].Email) })
		for _, i := range order {
			p := in.People[i]
			var err error
			if out[i], err = s.invite(ctx, tx, invite(in, p)); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func compare(a, b string) int {
	a, b = normalize(a), normalize(b)
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// invite is the invitation of one of many.
func invite(in identity.InvitePeople, p identity.Invitee) identity.Invite {
	return named(identity.Invite{Email: p.Email, Name: p.Name, Grant: in.Grant, HandOver: in.HandOver})
}

// checkPeople names each mistake by its place in the list.
func (s *Staff) checkPeople(in identity.InvitePeople) error {
	if len(in.People) == 0 || len(in.People) > identity.MaxPeople {
		return identity.ErrInvalid.At(fault.Wrong("people", "people_count", "takes 1 to {max} people", "max", identity.MaxPeople))
	}
	var wrong []fault.Field
	places := map[string]int{}
	for i, p := range in.People {
		one := invite(in, p)
		fields := s.inviteFields(one)
		if first, twice := places[one.Email]; twice {
			fields = append(fields, fault.Wrong("email", "row_twice", "{value} is in row {row} already", "value", one.Email, "row", first+1))
		}
		places[one.Email] = i
		for _, f := range fields {
			if f.Name == "email" || f.Name == "name" {
				f.Name = fmt.Sprintf("people[%d].%s", i, f.Name)
			} else if i > 0 {
				continue // the role is said once
			}
			wrong = append(wrong, f)
		}
	}
	return identity.ErrInvalid.Check(wrong)
}

// ListPeople implements identity.Service.
func (s *Staff) ListPeople(ctx context.Context, in identity.ListStaff) ([]identity.StaffMember, error) {
	staff, err := s.ListStaff(ctx, in)
	if err != nil {
		return nil, err
	}
	emails, ids := make([]string, len(staff)), make([]string, len(staff))
	for i, a := range staff {
		emails[i], ids[i] = a.Email, a.ID
	}
	letters, err := mail.Last(ctx, s.deps.DB, in.Slug, emails)
	if err != nil {
		return nil, err
	}
	links, err := s.openLinks(ctx, in.Slug, ids)
	if err != nil {
		return nil, err
	}
	out := make([]identity.StaffMember, len(staff))
	for i, a := range staff {
		out[i] = identity.StaffMember{Account: a}
		if l, ok := letters[a.Email]; ok {
			if a.State == identity.StateInvited && l.State == identity.LetterDropped {
				l.State = identity.LetterSent // why it was not sent is the account's, of which nothing is told yet
			}
			out[i].Letter = &l
		}
		if until, ok := links[a.ID]; ok {
			out[i].LinkUntil = &until
		}
	}
	return out, nil
}

// openLinks are the ends of the links that were handed over in a selection and
// are still good, by account.
func (s *Staff) openLinks(ctx context.Context, slug string, accounts []string) (map[string]time.Time, error) {
	var rows []struct {
		Account   string    `db:"account"`
		ExpiresAt time.Time `db:"expires_at"`
	}
	if err := s.deps.DB.SelectContext(ctx, &rows, `
		SELECT account, max(expires_at) AS expires_at FROM account_link
		WHERE slug = $1 AND account = ANY($2) AND expires_at > $3 GROUP BY account`, slug, pq.Array(accounts), s.deps.Time()); err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	links := map[string]time.Time{}
	for _, r := range rows {
		links[r.Account] = r.ExpiresAt.UTC()
	}
	return links, nil
}

// withdraw takes back what leads to a role that an account no longer has: the
// links of a selection where it has none left, and all of an account that nobody
// has claimed and that has no role anywhere.
func (s *Staff) withdraw(ctx context.Context, tx *sqlx.Tx, a identity.Account, slug string) error {
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM account_link l WHERE l.account = $1
		AND (l.slug = $2 AND NOT EXISTS (SELECT FROM account_grant g WHERE g.account = $1 AND g.slug = $2)
			OR $3 AND NOT EXISTS (SELECT FROM account_grant g WHERE g.account = $1))`,
		a.ID, slug, a.State == identity.StateInvited); err != nil {
		return fmt.Errorf("withdraw: %w", err)
	}
	return nil
}

// wanted tells whether an invitation is still to be sent to an account: of a
// selection, as long as it has a role there that has not ended.
func (s *Staff) wanted(ctx context.Context, tx *sqlx.Tx, account, slug string) (wanted bool, err error) {
	if slug == "" {
		slug = identity.AnySelection
	}
	err = tx.GetContext(ctx, &wanted, `SELECT EXISTS (SELECT FROM account_grant WHERE account = $1 AND slug = $2 AND coalesce(until > $3, true))`,
		account, slug, s.deps.Time())
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("wanted: %w", err)
	}
	return wanted, nil
}
