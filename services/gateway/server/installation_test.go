package server_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
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
