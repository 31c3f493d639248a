package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

// identityRoom has an account for every email; a session's token is the email.
type identityRoom struct {
	identity.Service

	mu     sync.Mutex
	grants map[string][]identity.Grant
	ended  map[string]bool // sessions; nil: none ever ends
	needs  map[string]bool // sessions that a second factor is to prove first
	second map[string]bool // accounts with a second factor
	blobs  blob.Store
}

func (r *identityRoom) account(email string) identity.Account {
	r.mu.Lock()
	defer r.mu.Unlock()
	return identity.Account{ID: email, Email: email, Name: email, Grants: append([]identity.Grant{}, r.grants[email]...)}
}

func (r *identityRoom) SignIn(_ context.Context, in identity.SignIn) (identity.Session, error) {
	if in.Password != "correct horse" {
		return identity.Session{}, identity.ErrSignIn
	}
	if r.second[in.Email] {
		return identity.Session{Challenge: &identity.Challenge{Token: "ch4llenge", Factors: []string{identity.FactorTOTP}}}, nil
	}
	return identity.Session{Token: in.Email, ExpiresAt: time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC), Account: r.account(in.Email)}, nil
}

func (r *identityRoom) Authenticate(_ context.Context, in identity.Token) (identity.Account, error) {
	r.mu.Lock()
	ended, needs := r.ended[in.Token], r.needs[in.Token]
	r.mu.Unlock()
	if !strings.Contains(in.Token, "@") || ended {
		return identity.Account{}, identity.ErrSession
	}
	a := r.account(in.Token)
	if needs {
		a.Pending, a.Grants, a.NeedsFactor = a.Grants, nil, true
	}
	return a, nil
}

func (r *identityRoom) FindAccount(_ context.Context, in identity.Lookup) (identity.Account, error) {
	if strings.HasPrefix(in.Email, "nobody") || in.Slug == "" { // only a selection's staff are asked for
		return identity.Account{}, identity.ErrNoAccount
	}
	return r.account(in.Email), nil
}

func (r *identityRoom) GrantRole(_ context.Context, in identity.Change) (identity.Account, error) {
	r.hear(in.Email, in.Grant)
	return r.account(in.Email), nil
}

func (r *identityRoom) hear(email string, g identity.Grant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grants[email] = append(r.grants[email], g)
}

func (r *identityRoom) RevokeRole(_ context.Context, in identity.Change) (identity.Account, error) {
	r.mu.Lock()
	r.grants[in.Email] = slices.DeleteFunc(r.grants[in.Email], func(g identity.Grant) bool { return g == in.Grant })
	r.mu.Unlock()
	return r.account(in.Email), nil
}

func (r *identityRoom) Invite(_ context.Context, in identity.Invite) (identity.Invited, error) {
	r.hear(in.Email, in.Grant)
	out := identity.Invited{Account: r.account(in.Email)}
	if in.HandOver {
		out.Invitation = &identity.Invitation{Token: "t0ken+/", ExpiresAt: time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)}
	}
	return out, nil
}

func (r *identityRoom) InvitePeople(ctx context.Context, in identity.InvitePeople) (all []identity.Invited, err error) {
	for i, p := range in.People {
		one := identity.Invite{Email: p.Email, Name: p.Name, Grant: in.Grant, HandOver: in.HandOver}
		if strings.HasPrefix(p.Email, "bad") {
			return nil, identity.ErrInvalid.At(fault.Wrong(fmt.Sprintf("people[%d].email", i), "not_an_email", "is not an email address"))
		}
		out, _ := r.Invite(ctx, one)
		all = append(all, out)
	}
	return all, nil
}

func (r *identityRoom) ReadPeople(ctx context.Context, in identity.ReadPeople) (out identity.PeopleRead, err error) {
	body, _, err := r.blobs.In(blob.Uploads).Open(ctx, in.Blob)
	if err != nil {
		return out, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, email, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), ">"), " <")
		if !ok {
			out.Mistakes = append(out.Mistakes, identity.ListMistake{
				Line: i + 1, Field: "line", Code: "line_without_address", Message: "has no email address", Params: map[string]string{"line": line},
			})
			continue
		}
		out.People = append(out.People, identity.Listed{Line: i + 1, Name: name, Email: email})
	}
	return out, err
}

func (r *identityRoom) ListPeople(ctx context.Context, in identity.ListStaff) (all []identity.StaffMember, err error) {
	staff, err := r.ListStaff(ctx, in)
	at := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	for i, a := range staff {
		p := identity.StaffMember{Account: a}
		p.Account.State = identity.StateProved
		switch i % 4 {
		case 1:
			p.Account.State, p.Account.Pending, p.Account.Grants = identity.StateInvited, a.Grants, nil
			p.Letter = &identity.Letter{State: identity.LetterSent, CreatedAt: at}
		case 2:
			p.Account.State, p.Account.Pending, p.Account.Grants = identity.StateInvited, a.Grants, nil
			p.Letter = &identity.Letter{State: identity.LetterDead, CreatedAt: at, Tries: 1, Error: "550 5.1.1 no such mailbox"}
		case 3:
			p.Account.State = identity.StateInvited
			until := at.Add(7 * 24 * time.Hour)
			p.LinkUntil, p.Account.Pending, p.Account.Grants = &until, a.Grants, nil
		}
		all = append(all, p)
	}
	return all, err
}

func (r *identityRoom) ReadLink(_ context.Context, in identity.Link) (identity.LinkRead, error) {
	return identity.LinkRead{Email: in.Token}, nil
}

func (r *identityRoom) ClaimAccount(_ context.Context, in identity.ClaimAccount) (identity.Account, error) {
	return r.account(in.Token), nil
}

func (r *identityRoom) AskReset(context.Context, identity.Lookup) (identity.ResetAsked, error) {
	return identity.ResetAsked{}, nil
}

func (r *identityRoom) ChangePassword(_ context.Context, in identity.ChangePassword) (identity.Account, error) {
	return r.account(in.Token), nil
}

func (r *identityRoom) ListSessions(context.Context, identity.Token) ([]identity.OpenSession, error) {
	at := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	return []identity.OpenSession{
		{
			ID: "0192f0c1-2345-7abc-8def-0123456789ac", CreatedAt: at, ExpiresAt: at.Add(12 * time.Hour), Factors: []string{"password", "totp"},
			Network: "203.0.113.7", Current: true,
		},
		{
			ID: "0192f0c1-2345-7abc-8def-0123456789ae", CreatedAt: at.Add(-time.Hour), ExpiresAt: at.Add(11 * time.Hour), Factors: []string{"passkey"},
			Network: "2001:db8:7:1::/64",
		},
	}, nil
}

func (r *identityRoom) EndSessions(context.Context, identity.EndSessions) ([]identity.OpenSession, error) {
	return []identity.OpenSession{}, nil
}

func (r *identityRoom) ProveSecond(_ context.Context, in identity.ProveSecond) (identity.Session, error) {
	if in.Challenge != "ch4llenge" {
		return identity.Session{}, identity.ErrChallenge
	}
	if in.Code == "wrong" {
		return identity.Session{}, identity.ErrSecond
	}
	return identity.Session{Token: "t0ken"}, nil
}

func (r *identityRoom) ReadChallenge(_ context.Context, in identity.Token) (identity.Challenge, error) {
	if in.Token != "ch4llenge" {
		return identity.Challenge{}, identity.ErrChallenge
	}
	return identity.Challenge{
		Token: in.Token, Factors: []string{identity.FactorPasskey, identity.FactorTOTP, identity.FactorRecovery}, Passkey: json.RawMessage(`{}`),
	}, nil
}

func (r *identityRoom) ReadSetup(context.Context, identity.Link) (identity.SetupRead, error) {
	return identity.SetupRead{}, nil
}

func (r *identityRoom) AskPasskey(context.Context, identity.PasskeyAsked) (identity.PasskeyWanted, error) {
	return identity.PasskeyWanted{}, nil
}

func (r *identityRoom) SignInByPasskey(context.Context, identity.SignInByPasskey) (identity.Session, error) {
	return identity.Session{Token: "t0ken"}, nil
}

func (r *identityRoom) ListFactors(context.Context, identity.Token) (identity.Factors, error) {
	return identity.Factors{Factors: []identity.Factor{
		{ID: aFactor, Kind: identity.FactorTOTP, Name: "手机", CreatedAt: time.Date(2026, 5, 1, 2, 0, 0, 0, time.UTC)},
		{ID: "0192f0c1-2345-7abc-8def-0123456789b0", Kind: identity.FactorPasskey, Name: "On the keyring", CreatedAt: time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)},
	}, RecoveryCodes: 9, Passkeys: true}, nil
}

// aFactor is one that every account has.
const aFactor = "0192f0c1-2345-7abc-8def-0123456789ad"

func (r *identityRoom) BeginFactor(context.Context, identity.BeginFactor) (identity.FactorBegun, error) {
	return identity.FactorBegun{
		Ceremony: "t0ken", Secret: "JBSWY3DPEHPK3PXP", Passkey: json.RawMessage(`{}`),
		Address: "otpauth://totp/Laurel%20localhost:organizer@example.org?algorithm=SHA1&digits=6&issuer=Laurel%20localhost&period=30" +
			"&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	}, nil
}

func (r *identityRoom) FinishFactor(context.Context, identity.FinishFactor) (identity.FactorAdded, error) {
	return identity.FactorAdded{}, nil
}

func (r *identityRoom) AskFresh(context.Context, identity.Token) (identity.Fresh, error) {
	return identity.Fresh{Factors: []string{}}, nil
}

func (r *identityRoom) ShowFresh(_ context.Context, in identity.ShowFresh) (identity.Account, error) {
	if in.Password == "wrong" {
		return identity.Account{}, identity.ErrPassword
	}
	return r.account(in.Token), nil
}

func (r *identityRoom) RemoveFactor(context.Context, identity.RemoveFactor) (identity.Factors, error) {
	return identity.Factors{}, nil
}

func (r *identityRoom) RenewRecovery(context.Context, identity.Present) (identity.RecoveryCodes, error) {
	var out identity.RecoveryCodes
	for i := range 10 {
		out.Codes = append(out.Codes, fmt.Sprintf("7K2M-9TQX-2HFP-%04d", i+1))
	}
	return out, nil
}

func (r *identityRoom) SetUp(_ context.Context, in identity.SetUp) (identity.Account, error) {
	return r.account(in.Email), nil
}

func (r *identityRoom) DisableAccount(_ context.Context, in identity.ChangeAccess) (identity.Account, error) {
	return r.account(in.Email), nil
}

func (r *identityRoom) EnableAccount(_ context.Context, in identity.ChangeAccess) (identity.Account, error) {
	return r.account(in.Email), nil
}

func (r *identityRoom) SignOut(_ context.Context, in identity.Token) (identity.Account, error) {
	r.mu.Lock()
	if r.ended != nil {
		r.ended[in.Token] = true
	}
	r.mu.Unlock()
	return identity.Account{}, nil
}

func (r *identityRoom) ListStaff(context.Context, identity.ListStaff) ([]identity.Account, error) {
	r.mu.Lock()
	emails := slices.Sorted(maps.Keys(r.grants))
	r.mu.Unlock()
	staff := []identity.Account{}
	for _, email := range emails {
		staff = append(staff, r.account(email))
	}
	return staff, nil
}

func (r *identityRoom) ProveVoter(_ context.Context, in identity.ProveVoter) (identity.Credential, error) {
	return identity.Credential{Credential: "v1." + in.Slug}, nil
}
