package witness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/client"
	gatewayserver "github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
	votingserver "github.com/laurel-awards/laurel/services/voting/server"
)

const (
	slug  = "courier-2"
	rules = `{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {` +
		`"voters": ["device"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live", "publication": {"every": "1s", "ballots": 1}}}`
)

// harness is a real voting room and a real gateway, and a line between gateway
// and witness on which a test forges answers.
type harness struct {
	whole   *testing.T // rooms end with it, whichever part of it started them
	deps    run.Deps
	nats    *bus.Embedded
	address string // of the database
	running *run.Running
	inbox   *outbox.Inbox
	version int64
	signer  ballotlog.Signer
	key     credential.Key
	api     *client.Client // past the forger
	line    *forger
	voters  int
}

// rulebookRoom answers for the selection service; only the rulebook is asked for
// here.
type rulebookRoom struct{ selection.Service }

func (rulebookRoom) GetSelection(context.Context, selection.Of) (selection.Selection, error) {
	return selection.Selection{Slug: slug, Rulebook: json.RawMessage(rules)}, nil
}

func seed(n int) string { return strings.Repeat(fmt.Sprintf("%02x", n), 32) }

func signer(t *testing.T, lines ...string) ballotlog.Signer {
	t.Helper()
	s, err := ballotlog.ReadSigner(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// build opens a vote.
func build(t *testing.T) *harness {
	t.Helper()
	h := &harness{whole: t, nats: testkit.NATS(t), key: credential.Key(strings.Repeat("c", 32))}
	h.address = testkit.ServiceURL(t, voting.Name, run.Room{Migrations: votingserver.Migrations()}.Sets()...)
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h.deps = run.Deps{Blobs: blobs.In(voting.Name), Now: time.Now, Log: testkit.Log(t)}
	h.sign(t, seed(1))
	if _, err := testkit.Connect(t, h.nats, selection.Name).Serve(selection.Name, selection.Endpoints(rulebookRoom{})); err != nil {
		t.Fatal(err)
	}
	g, err := gatewayserver.New(testkit.Connect(t, h.nats, "gateway"), blobs, gatewayserver.Config{
		Listen: "127.0.0.1:0", CredentialKey: h.key, Now: time.Now, Log: testkit.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(make(chan error, 2)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	origin, err := url.Parse("http://" + g.Addr())
	if err != nil {
		t.Fatal(err)
	}
	h.api = client.New(origin.String())
	h.line = &forger{to: httputil.NewSingleHostReverseProxy(origin)}
	server := httptest.NewServer(h.line)
	t.Cleanup(server.Close)
	h.line.url = server.URL

	h.hear(t, event.RulebookFrozen{Hash: "h", Rulebook: json.RawMessage(rules)})
	for n := 1; n <= 5; n++ {
		h.hear(t, event.CandidateAdmitted{Number: n, EntryID: fmt.Sprint(n), Name: "x"})
	}
	h.hear(t, event.PhaseChanged{Phase: rulebook.PhaseVoting, Action: event.Open, Candidates: 5})
	return h
}

// sign starts the voting room, in place of the one before, with the keys of
// these lines.
func (h *harness) sign(t *testing.T, lines ...string) {
	t.Helper()
	if h.running != nil {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := h.running.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h.signer = signer(t, lines...)
	deps := h.deps
	deps.DB, deps.Bus = testkit.Open(h.whole, h.address, voting.Name), testkit.Connect(h.whole, h.nats, voting.Name)
	deps.Jobs = job.New(deps.DB, deps.Now, deps.Log)
	room, err := votingserver.New(deps, votingserver.Config{PseudonymKey: []byte(strings.Repeat("p", 32)), Log: h.signer})
	if err != nil {
		t.Fatal(err)
	}
	h.running = testkit.Start(h.whole, room, deps)
	h.inbox = &outbox.Inbox{Service: voting.Name, DB: deps.DB, Bus: deps.Bus, Log: deps.Log, Handlers: room.Handlers}
}

// rotate has the room sign with other keys, and waits until the gateway, which
// keeps the list for a moment, serves theirs.
func (h *harness) rotate(t *testing.T, lines ...string) {
	t.Helper()
	h.sign(t, lines...)
	want, err := h.signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		list, err := h.api.LogKeys(t.Context(), slug)
		if err == nil && list != want {
			err = fmt.Errorf("the keys before are served:\n%s", list)
		}
		return err
	})
}

// hear tells the room what other services would.
func (h *harness) hear(t *testing.T, p event.Payload) {
	t.Helper()
	var env event.Envelope
	if c, ok := p.(event.CandidateAdmitted); ok {
		env = testkit.Envelope(t, "nomination", slug, fmt.Sprintf("candidate/%d", c.Number), 1, h.deps.Time(), p)
	} else {
		h.version++
		env = testkit.Envelope(t, "selection", slug, "phases", h.version, h.deps.Time(), p)
	}
	if err := h.inbox.Deliver(t.Context(), env); err != nil {
		t.Fatal(err)
	}
}

// vote casts n ballots, gives the last one's receipt, and waits until the log
// has them.
func (h *harness) vote(t *testing.T, n int) (receipt string) {
	t.Helper()
	for range n {
		h.voters++
		v := credential.Voter{Slug: slug, Way: "device", Expires: time.Now().Add(time.Hour)}
		copy(v.ID[:], fmt.Sprintf("voter %10d", h.voters))
		counted, err := h.api.Bearer(slug, h.key.Sign(v)).Cast(t.Context(), []int{1 + h.voters%5})
		if err != nil {
			t.Fatal(err)
		}
		receipt = counted.Receipt
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		text, err := h.api.Checkpoint(t.Context(), slug)
		if err != nil {
			return err
		}
		head, err := h.signer.Public().Open(text)
		if err == nil && head.N != int64(h.voters) {
			err = fmt.Errorf("%d lines of %d", head.N, h.voters)
		}
		return err
	})
	return receipt
}

// forger is the line: it answers by itself what a test scripts, by the path
// behind log/, and passes the rest.
type forger struct {
	url string
	to  http.Handler

	mu     sync.Mutex
	script map[string]http.HandlerFunc // by the beginning of the path
}

func (f *forger) set(script map[string]http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = script
}

func (f *forger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/selections/"+slug+"/")
	f.mu.Lock()
	var answer http.HandlerFunc
	for begin, a := range f.script {
		if strings.HasPrefix(path, begin) {
			answer = a
		}
	}
	f.mu.Unlock()
	if answer == nil {
		f.to.ServeHTTP(w, r)
		return
	}
	answer(w, r)
}

// says answers a text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) } //nolint:errcheck // the witness sees it
}

// witness is a command on the line, which keeps what it says.
func (h *harness) witness(dir string) (*Command, *strings.Builder) {
	out := &strings.Builder{}
	return &Command{
		URL: h.line.url, Selection: slug, Dir: dir, Once: true, Every: time.Millisecond,
		out: out, log: slog.New(slog.DiscardHandler), pause: time.Millisecond,
	}, out
}

// looks looks once, which must go well, and tells what was said.
func (h *harness) looks(t *testing.T, dir string, change ...func(*Command)) string {
	t.Helper()
	c, out := h.witness(dir)
	for _, fn := range change {
		fn(c)
	}
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// alarms looks once, which must end in an alarm, and gives it.
func (h *harness) alarms(t *testing.T, dir string, change ...func(*Command)) *Alarm {
	t.Helper()
	c, out := h.witness(dir)
	for _, fn := range change {
		fn(c)
	}
	err := c.Run(t.Context())
	var a *Alarm
	if !errors.As(err, &a) {
		t.Fatalf("no alarm: %v\n%s", err, out)
	}
	return a
}

// close ends the vote, and waits until the tally is final.
func (h *harness) close(t *testing.T) {
	t.Helper()
	h.hear(t, event.PhaseChanged{Phase: rulebook.PhaseVoting, Action: event.Close, Candidates: 5})
	testkit.Eventually(t, 20*time.Second, func() error {
		tally, err := h.api.Tally(t.Context(), slug)
		if err == nil && tally.State != voting.Sealed {
			err = errors.New(tally.State)
		}
		return err
	})
}
