package server_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/voting"
	votingserver "github.com/laurel-awards/laurel/services/voting/server"
)

const (
	livePath = "/api/v1/selections/" + here + "/live"
	// runners is how many candidates the live vote has.
	runners = 12
)

// voteInstallation is an installation whose voting room is the real one.
type voteInstallation struct {
	*installation
	t        *testing.T
	bus      *bus.Bus
	versions map[string]int64 // by publisher and aggregate
}

// openVote opens a vote whose counts are "live" or "hidden", and public as soon as
// may be.
func openVote(t *testing.T, counts string, change ...func(*server.Config)) *voteInstallation {
	t.Helper()
	return openRules(t, `"counts": "`+counts+`", "publication": {"every": "1s", "ballots": 1}`, change...)
}

// openRules opens a vote with these rules beside the usual.
func openRules(t *testing.T, rules string, change ...func(*server.Config)) *voteInstallation {
	t.Helper()
	h := &voteInstallation{installation: bare(t, testkit.Log(t)), t: t, versions: map[string]int64{}}
	sel := frozen(t)
	sel.Phases[0].OpenedAt = sel.FrozenAt
	rooms := h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(sel, nil),
		"nomination/list_candidates": does(func(in nomination.ListCandidates) (list []nomination.Candidate, err error) {
			for n := in.After + 1; n <= runners; n++ {
				list = append(list, nomination.Candidate{Number: n, Name: fmt.Sprint("candidate ", n)})
			}
			return list, nil
		}),
	})
	delete(rooms, voting.Name)
	h.serve(t, rooms)
	deps := testkit.Deps(t, h.nats, run.Room{Name: voting.Name, Migrations: votingserver.Migrations()}, h.clock)
	deps.Blobs = h.blobs.In(voting.Name)
	signer, err := ballotlog.NewSigner([]byte(strings.Repeat("l", 32)))
	if err != nil {
		t.Fatal(err)
	}
	room, err := votingserver.New(deps, votingserver.Config{PseudonymKey: h.key, Log: signer})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Start(t, room, deps)
	h.bus = testkit.Connect(t, h.nats, "test")
	h.tell("selection", "phases", event.RulebookFrozen{Hash: "h", Rulebook: json.RawMessage(
		`{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device"], "frequency": "once", ` +
			`"picks": {"min": 1, "max": 3}, ` + rules + `}}`)})
	for n := 1; n <= runners; n++ {
		h.tell("nomination", fmt.Sprint("candidate/", n), event.CandidateAdmitted{Number: n, EntryID: strconv.Itoa(n), Name: "x"})
	}
	h.phase(event.Open)
	h.start(t, change...)
	h.stands(func(tally voting.Tally) bool { return tally.State == voting.Open })
	return h
}

// tell publishes an event as its room would.
func (h *voteInstallation) tell(publisher, aggregate string, p event.Payload) {
	h.t.Helper()
	h.versions[publisher+aggregate]++
	env := testkit.Envelope(h.t, publisher, here, aggregate, h.versions[publisher+aggregate], h.clock.Now(), p)
	body, err := json.Marshal(env)
	if err == nil {
		err = h.bus.Publish(h.t.Context(), env.Subject(), body)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *voteInstallation) phase(action string) {
	h.t.Helper()
	h.tell("selection", "phases", event.PhaseChanged{Phase: rulebook.PhaseVoting, Action: action, Candidates: runners})
}

// stands waits for a tally that a test wants.
func (h *voteInstallation) stands(want func(voting.Tally) bool) (tally voting.Tally) {
	h.t.Helper()
	client := voting.NewClient(h.bus)
	testkit.Eventually(h.t, 20*time.Second, func() (err error) {
		if tally, err = client.GetTally(h.t.Context(), voting.Of{Slug: here}); err == nil && !want(tally) {
			err = fmt.Errorf("the tally is %+v", tally)
		}
		return err
	})
	return tally
}

// cast casts ballots over HTTP, eight at a time, each of a voter of its own,
// and gives the receipts.
func (h *voteInstallation) cast(first, n int, picks func(i int) string) []string {
	h.t.Helper()
	receipts := make([]string, n)
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := w; i < n; i += 8 {
				a := h.ask(h.t, http.MethodPost, ballots, h.voter(fmt.Sprintf("voter %06d", first+i), here, time.Hour), `{"picks":`+picks(i)+`}`)
				var counted struct{ Receipt string }
				if err := json.Unmarshal([]byte(a.Body), &counted); err != nil || a.Status != http.StatusCreated {
					h.t.Errorf("ballot %d: %d %s", i, a.Status, a.Body)
				}
				receipts[i] = counted.Receipt
			}
		})
	}
	all.Wait()
	return receipts
}

// frame is an event of a stream.
type frame struct {
	id, name, data string
	tally          voting.Tally
}

// listener reads a stream.
type listener struct {
	*http.Response
	in *bufio.Scanner
}

// listen opens a stream; headers come in pairs.
func (h *voteInstallation) listen(headers ...string) *listener {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+livePath, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { resp.Body.Close() })
	return &listener{resp, bufio.NewScanner(resp.Body)}
}

// next reads an event; ok is false where the stream has ended.
func (l *listener) next(t *testing.T) (f frame, ok bool) {
	t.Helper()
	for l.in.Scan() {
		field, value, _ := strings.Cut(l.in.Text(), ": ")
		switch field {
		case "id":
			f.id = value
		case "event":
			f.name = value
		case "data":
			f.data = value
			if err := json.Unmarshal([]byte(value), &f.tally); err != nil {
				t.Fatalf("%q: %v", value, err)
			}
		case "":
			if f.data != "" {
				return f, true
			}
		}
	}
	return f, false
}

// until reads up to an event that a test wants.
func (l *listener) until(t *testing.T, want func(frame) bool) (all []frame) {
	t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { l.Body.Close() })
	defer timer.Stop()
	for {
		f, ok := l.next(t)
		if !ok {
			t.Fatal(errors.Join(fmt.Errorf("the stream ended after %+v", all), l.in.Err()))
		}
		all = append(all, f)
		if want(f) {
			return all
		}
	}
}
