package e2e_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	startLimit = 2 * time.Minute
	stopLimit  = time.Minute
	// wait bounds what must come about by itself.
	wait = time.Minute

	slug    = "small-selection"
	all     = "all" // names the process that runs all services
	entries = 8     // of a small selection
)

// harness is an installation of Laurel, and the script of a small selection in
// it.
type harness struct {
	*script.Script
	*installation.Installation
	host   string              // loopback address of the installation's own
	nats   *bus.Embedded       // nil: inside the process, or broker
	broker *testkit.Deployed   // with the users of a deployment
	opened map[string]*sqlx.DB // see databases
}

// together is an installation in one process with NATS inside.
func together(t *testing.T) *harness {
	t.Helper()
	h := build(t, testkit.URL(t), nil)
	h.add(all, nil)
	h.open(t, all)
	return h
}

// apart is an installation whose services are processes of their own, each with
// a NATS user of its own as in a deployment. They wait for the operator, who
// makes the streams, and say so.
func apart(t *testing.T) *harness {
	t.Helper()
	broker := testkit.DeployedNATS(t, "../../../../../deploy/nats", func(opts *server.Options) {
		i := slices.IndexFunc(opts.Accounts, func(a *server.Account) bool { return a.Name == "LAUREL" })
		opts.Users = append(opts.Users, &server.User{Username: observer, Password: observer, Account: opts.Accounts[i]})
	})
	h := build(t, testkit.URL(t), nil) // ends before its broker
	h.broker = broker
	for _, s := range serve.Names() {
		h.add(s, []string{s}, "NATS_URL="+h.broker.URL(s), "NATS_CA_FILE="+h.broker.CA)
		if err := h.Processes[s].Launch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, startLimit, func() error {
		status, text := answerOf(t, h.Processes[event.Voting].Address, "/readyz")
		if status != http.StatusServiceUnavailable || !strings.Contains(text, "laurel migrate --nats") {
			return fmt.Errorf("without streams: %d %s", status, text)
		}
		return nil
	})
	if err := h.Run(t.Context(), nil, "migrate", "--nats", "--nats-url", h.broker.URL("admin"), "--nats-ca-file", h.broker.CA); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	for _, s := range serve.Names() {
		if err := h.Processes[s].Await(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h.organizer(t)
	return h
}

// observer is a NATS user who may do all, beside those of a deployment.
const observer = "observer"

func build(t *testing.T, database string, nats *bus.Embedded) *harness {
	t.Helper()
	h := &harness{nats: nats, host: loopback(t), Installation: &installation.Installation{
		Binary: os.Getenv(binaryVariable), Dir: t.TempDir(), Database: database,
		Env: []string{"LOG_LEVEL=warn", "WORK_NUMBERS=2000"}, // a crowd of one process works for all
	}}
	h.Listen = h.port(0)
	if nats != nil {
		h.NATS = nats.URL()
	}
	h.Script = smallScript(t, client.New("http://"+h.Listen))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*stopLimit)
		defer cancel()
		if err := h.Stop(ctx); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			h.logs(t)
		}
	})
	return h
}

// loopback is an address of the installation's own, so that its ports are free
// again after each kill. Where only 127.0.0.1 is there, ports are left to luck.
func loopback(t *testing.T) string {
	t.Helper()
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.N(250), rand.N(250), 1+rand.N(250))
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return "127.0.0.1"
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return host
}

// port is an address of the installation. The ports lie below those that the
// system gives away.
func (h *harness) port(n int) string { return fmt.Sprintf("%s:%d", h.host, 20080+n) }

// add adds a process, which runs the services, or all where there are none.
func (h *harness) add(name string, services []string, env ...string) *installation.Process {
	return h.Add(name, h.port(1+len(h.Processes)), services, env...)
}

// start starts processes, all at once, until they are ready.
func (h *harness) start(t *testing.T, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := h.Start(ctx, names...); err != nil {
		t.Fatal(err)
	}
}

// open is start for the first time: it makes the first organizer.
func (h *harness) open(t *testing.T, names ...string) {
	t.Helper()
	h.start(t, names...)
	h.organizer(t)
}

// organizer makes the first account.
func (h *harness) organizer(t *testing.T) {
	t.Helper()
	organizer := h.Input.With(identity.Organizer)[0]
	if err := h.CreateOrganizer(t.Context(), organizer.Email, organizer.Name, script.Password); err != nil {
		t.Fatal(err)
	}
}

// stop ends a process as the service manager does, within the time that it has
// and with status 0.
func (h *harness) stop(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := h.Processes[name].Stop(ctx); err != nil {
		t.Errorf("stop %s: %v", name, err)
	}
}

func (h *harness) kill(t *testing.T, name string) {
	t.Helper()
	if err := h.Processes[name].Kill(); err != nil {
		t.Fatalf("kill %s: %v", name, err)
	}
}

// logs shows what the processes said last.
func (h *harness) logs(t *testing.T) {
	const most = 6000
	for name, p := range h.Processes {
		log, err := os.ReadFile(p.Log)
		if err == nil && len(log) > 0 {
			t.Logf("%s:\n%s", name, log[max(0, len(log)-most):])
		}
	}
}

// run takes the selection through steps of its script.
func (h *harness) run(t *testing.T, steps ...func(context.Context) error) {
	t.Helper()
	for _, step := range steps {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// vetted takes the selection to where voting may open.
func (h *harness) vetted(t *testing.T) {
	t.Helper()
	h.run(t, h.Create, h.Nominate, h.Vet)
}

// check looks at the ballots and the events from outside, after the close.
func (h *harness) check(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, wait, func() error {
		tally, err := h.API.Tally(t.Context(), h.Slug)
		if err == nil && tally.State != voting.Sealed {
			err = errors.New("the tally is " + tally.State)
		}
		return err
	})
	for name, check := range map[string]func(context.Context) error{"counted": h.Counted, "recount": h.Recount} {
		if err := check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.delivered(t)
	h.audited(t)
}

// audited holds each service's audit log to what was recorded and signed.
func (h *harness) audited(t *testing.T) {
	t.Helper()
	signer, err := config.Server{Database: config.Database{DataDir: h.Dir}}.AuditSigner()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range event.Services() {
		db := testkit.Open(t, h.Database, service) // a test of several parts has no connections in common
		r, err := audit.Check(t.Context(), db, service, signer.Public())
		if err != nil || len(r.Problems) > 0 {
			t.Errorf("the audit log of %s: %v %v", service, r.Problems, err)
		}
	}
}

// delivered waits until every event has reached everyone it concerns.
func (h *harness) delivered(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, wait, func() error { return h.Delivered(t.Context()) })
}

// script is that of a small selection.
func smallScript(t *testing.T, api *client.Client) *script.Script {
	t.Helper()
	rules, err := os.ReadFile("testdata/rulebook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in := script.Input{Rulebook: string(rules), Entries: sheet(t, entries)}
	member := func(role identity.Role, scope string, n int) {
		for i := range n {
			name := fmt.Sprintf("%s-%d", role, i+1)
			in.Staff = append(in.Staff, script.Member{Role: role, Scope: scope, Name: name, Email: name + "@example.org"})
		}
	}
	member(identity.Organizer, "", 1)
	member(identity.Vetter, "hr", 1)
	member(identity.Juror, "experts", 3)
	member(identity.Committee, "", 3)
	member(identity.Auditor, "", 1)
	return &script.Script{
		API: api, Input: in, Slug: slug, Rules: in.Rulebook, Seed: 7, Voters: 60, Again: 10, Late: 5,
		Progress: func(string, int) func() { return func() {} },
	}
}

// sheet is a CSV of n entries.
func sheet(t *testing.T, n int) []byte {
	t.Helper()
	rows := [][]string{{"姓名", "性别", "工作单位", "所在市州", "从业年限", "主要事迹"}}
	for i := range n {
		rows = append(rows, []string{
			"快递员" + string([]rune("甲乙丙丁戊己庚辛壬癸")[i]), []string{"女", "男"}[i%2], fmt.Sprintf("第%d营业部", i%4+1),
			[]string{"兰州", "天水", "酒泉"}[i%3], strconv.Itoa(3 + i), fmt.Sprintf("第%d个故事：风雨无阻送件到村。", i+1),
		})
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
