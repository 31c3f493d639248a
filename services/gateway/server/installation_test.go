package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// The two selections that a request may name: one that exists, one that does
// not.
const (
	here    = "most-beautiful-courier-2"
	nowhere = "nobody-made-this"
)

// installation is the gateway on a real bus, with small rooms at the other end.
type installation struct {
	nats    *bus.Embedded
	clock   *testkit.Clock
	key     credential.Key
	server  *server.Server
	url     string
	blobs   blob.Store
	blobDir string

	identity   *identityRoom
	nomination *nominationRoom
	review     *reviewRoom
	voting     *votingRoom
}

func open(t *testing.T, change ...func(*server.Config)) *installation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	h.serve(t, map[string][]bus.Endpoint{
		identity.Name: identity.Endpoints(h.identity), selection.Name: selection.Endpoints(selectionRoom{}),
		nomination.Name: nomination.Endpoints(h.nomination), review.Name: review.Endpoints(h.review), voting.Name: voting.Endpoints(h.voting),
	})
	h.start(t, change...)
	return h
}

// bare is an installation whose rooms and gateway are still to come.
func bare(t *testing.T, log *slog.Logger) *installation {
	t.Helper()
	nats, err := bus.Embed(t.TempDir(), 0, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nats.Stop(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	blobs, err := blob.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := &installation{
		nats: nats, blobs: blobs, blobDir: dir,
		clock: testkit.NewClock(time.Date(2026, 5, 4, 2, 30, 0, 0, time.UTC)), key: credential.Key(strings.Repeat("k", 32)),
		identity:   &identityRoom{grants: map[string][]identity.Grant{}, blobs: blobs},
		nomination: &nominationRoom{}, voting: &votingRoom{counted: map[voting.VoterID]voting.Outcome{}},
	}
	h.review = &reviewRoom{tells: h.identity.hear}
	h.identity.grants["organizer@example.org"] = []identity.Grant{{Slug: identity.AnySelection, Role: identity.Organizer}}
	return h
}

func (h *installation) serve(t *testing.T, rooms map[string][]bus.Endpoint) {
	t.Helper()
	for name, endpoints := range rooms {
		if _, err := testkit.Connect(t, h.nats, name).Serve(name, endpoints); err != nil {
			t.Fatal(err)
		}
	}
}

// start opens the gateway.
func (h *installation) start(t *testing.T, change ...func(*server.Config)) {
	t.Helper()
	cfg := server.Config{Listen: "127.0.0.1:0", CredentialKey: h.key, Now: h.clock.Now, Log: testkit.Log(t)}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if h.server, err = server.New(testkit.Connect(t, h.nats, "gateway"), h.blobs, cfg); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	if err := h.server.Start(failed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := h.server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	h.url = "http://" + h.server.Addr()
}

// limits are generous but where change says otherwise.
func limits(change func(*app.Limits)) func(*server.Config) {
	return func(c *server.Config) {
		c.Limits = app.DefaultLimits()
		change(&c.Limits)
	}
}

// voter is a credential for slug that holds for a while.
func (h *installation) voter(id, slug string, life time.Duration) string {
	v := credential.Voter{Slug: slug, Way: "device", Expires: h.clock.Now().Add(life)}
	copy(v.ID[:], id)
	return h.key.Sign(v)
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// problem is an answer's problem; the test ends where it is none.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("not a problem: %d %s %.200s", a.Status, a.Header.Get("Content-Type"), a.Body)
	}
	if p.Status != a.Status || p.Type == "" || p.Title == "" || p.Detail == "" || p.RequestID != a.Header.Get("X-Request-Id") || p.RequestID == "" {
		t.Errorf("incomplete problem: %s", a.Body)
	}
	return p
}

type problem struct {
	Type, Title, Code, Detail string
	Status                    int
	RequestID                 string `json:"request_id"`
	Errors                    []struct {
		Field, Code, Message string
		Params               map[string]string
	}
	Params map[string]string
}

func (p problem) fields() []string {
	var names []string
	for _, e := range p.Errors {
		names = append(names, e.Field)
	}
	return names
}

// agent follows what programs follow; where a desk leads is looked at.
var agent = &http.Client{CheckRedirect: func(_ *http.Request, via []*http.Request) error {
	if isDesk(via[0].URL.Path) {
		return http.ErrUseLastResponse
	}
	return nil
}}

// ask sends a request; headers come in pairs, and JSON is said of a body unless
// they say otherwise.
func (h *installation) ask(t *testing.T, method, path, token, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := agent.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(data)}
}

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

// selectionRoom knows one selection.
type selectionRoom struct{ selection.Service }

func (selectionRoom) RecordExport(context.Context, selection.RecordExport) (selection.Selection, error) {
	return selection.Selection{}, nil
}

func (selectionRoom) GetSelection(_ context.Context, in selection.Of) (selection.Selection, error) {
	if in.Slug != here {
		return selection.Selection{}, selection.ErrUnknown
	}
	return selection.Selection{
		Slug: here, Rulebook: json.RawMessage(`{"laurel":1,"timezone":"Asia/Shanghai","voting":{"voters":["device","roster"]}}`),
		Phases: []selection.Phase{{Name: rulebook.PhaseVoting, State: selection.Opened}},
	}, nil
}

// nominationRoom has not heard of anything but an entry that resembles others.
type nominationRoom struct{ nomination.Service }

func (*nominationRoom) ListEntries(context.Context, nomination.ListEntries) ([]nomination.Entry, error) {
	return nil, phase.ErrNotYet
}

func (*nominationRoom) SubmitEntry(_ context.Context, in nomination.SubmitEntry) (nomination.Entry, error) {
	resembles := nomination.Warning{Field: "name", Code: "resembles_entry", Message: "resembles the entry of 马晓燕, 陇运快递, 兰州市"}
	return nomination.Entry{Slug: in.Slug, Nominee: in.Nominee, Warnings: []nomination.Warning{resembles}}, nil
}

// reviewRoom refuses every panel that has not two jurors. Of those that it takes
// identity hears a little later, as it does by an event.
type reviewRoom struct {
	review.Service

	tells func(email string, g identity.Grant)
}

func (r *reviewRoom) SeatPanel(_ context.Context, in review.SeatPanel) (review.Panel, error) {
	if len(in.Jurors) != 2 {
		return review.Panel{}, review.ErrInvalid
	}
	time.AfterFunc(200*time.Millisecond, func() {
		for _, j := range in.Jurors {
			r.tells(j.ID, identity.Grant{Slug: in.Slug, Role: identity.Juror, Scope: in.Panel})
		}
	})
	return review.Panel{ID: in.Panel}, nil
}

func (*reviewRoom) ListAssignments(context.Context, review.OfPanel) ([]review.Assignment, error) {
	return []review.Assignment{}, nil
}

// votingRoom counts one ballot a voter; a pick of 99 makes it fall over.
type votingRoom struct {
	voting.Service

	mu      sync.Mutex
	counted map[voting.VoterID]voting.Outcome
	keys    map[voting.VoterID]voting.KeyHash
	votes   string // blob of the exported votes; empty: the tally is not final
}

func (r *votingRoom) ExportVotes(context.Context, voting.Of) (voting.Exported, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.votes == "" {
		return voting.Exported{}, voting.ErrUnsealed
	}
	return voting.Exported{Blob: r.votes}, nil
}

func (r *votingRoom) CastBallots(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := voting.Outcomes{}
	for _, b := range in.Ballots {
		o, again := r.counted[b.Voter]
		switch {
		case len(b.Picks) == 1 && b.Picks[0] == 99:
			panic("password=hunter2")
		case again && !b.Key.IsZero() && r.keys[b.Voter] == b.Key:
			o.Again = true
		case again:
			o = voting.Outcome{Fault: voting.ErrDuplicate.With("first", o.At.Format(time.RFC3339))}
		default:
			o = voting.Outcome{Receipt: strings.ToUpper(b.Voter.String()[:8]), At: time.Date(2026, 5, 4, 2, 30, 0, 0, time.UTC)}
			if r.keys == nil {
				r.keys = map[voting.VoterID]voting.KeyHash{}
			}
			r.counted[b.Voter], r.keys[b.Voter] = o, b.Key
		}
		out.Outcomes = append(out.Outcomes, o)
	}
	return out, nil
}
