package e2e_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/demo"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	startLimit = time.Minute
	// stopLimit is what SIGTERM may take.
	stopLimit = 10 * time.Second
	// wait bounds what must come about by itself.
	wait = 30 * time.Second

	slug    = "small-selection"
	all     = "all" // names the process that runs all services
	entries = 8     // of a small selection
)

// services are the processes of a house whose services run apart.
func services() []string { return append(event.Services(), "gateway") }

// house is an installation of Laurel, and the script of a small selection in
// it.
type house struct {
	*demo.Script
	database string // URL
	dir      string
	host     string        // loopback address of the house's own
	nats     *bus.Embedded // nil: inside the process
	servers  map[string]*demo.Server
	opened   map[string]*sqlx.DB // see databases
}

// together is a house in one process with NATS inside.
func together(t *testing.T) *house {
	t.Helper()
	h := build(t, testkit.URL(t), nil)
	h.serve(all)
	h.open(t, all)
	return h
}

// apart is a house whose services are processes of their own.
func apart(t *testing.T) *house {
	t.Helper()
	h := build(t, testkit.URL(t), testkit.NATS(t))
	for _, s := range services() {
		h.serve(s)
	}
	h.open(t, services()...)
	return h
}

func build(t *testing.T, database string, nats *bus.Embedded) *house {
	t.Helper()
	h := &house{database: database, nats: nats, dir: t.TempDir(), host: loopback(t), servers: map[string]*demo.Server{}}
	h.Script = script(t, client.New("http://"+h.address()))
	t.Cleanup(func() {
		h.close(t)
		if t.Failed() {
			h.logs(t)
		}
	})
	return h
}

// loopback is an address of the house's own, so that its ports are free again
// after each kill. Where only 127.0.0.1 is there, ports are left to luck.
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

// The ports lie below those that the system gives away.
const firstPort = 20080

func (h *house) address() string { return fmt.Sprintf("%s:%d", h.host, firstPort) }

// serve adds a process to the house: a service, or all. env goes beside the
// house's own settings.
func (h *house) serve(name string, env ...string) *demo.Server {
	ops := fmt.Sprintf("%s:%d", h.host, firstPort+1+len(h.servers))
	s := &demo.Server{
		Binary: os.Getenv(binaryVariable), Address: ops, Log: filepath.Join(h.dir, name+".log"),
		Env: append(h.env(), append(env, "OPS_LISTEN="+ops)...),
	}
	if name != all {
		s.Services = []string{name}
	}
	h.servers[name] = s
	return s
}

func (h *house) env() []string {
	url := ""
	if h.nats != nil {
		url = h.nats.URL()
	}
	return []string{
		"DATABASE_URL=" + h.database, "DATA_DIR=" + h.dir, "NATS_URL=" + url, "LISTEN=" + h.address(),
		"TRUSTED_PROXIES=127.0.0.0/8", "LOG_LEVEL=warn", "WORK_NUMBERS=2000", // a crowd of one process works for all
	}
}

// start starts processes, all at once, until they are ready.
func (h *house) start(t *testing.T, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		g.Go(func() error { return h.servers[name].Start(ctx) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// open is start for the first time: it makes the first organizer.
func (h *house) open(t *testing.T, names ...string) {
	t.Helper()
	h.start(t, names...)
	organizer := h.Input.Staff[0]
	cmd := exec.CommandContext(t.Context(), os.Getenv(binaryVariable), "admin", "create-user",
		"--email", organizer.Email, "--name", organizer.Name, "--role", string(organizer.Role))
	cmd.Env = append(os.Environ(), h.env()...)
	cmd.Stdin = strings.NewReader(demo.Password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// stop ends a process as the service manager does, within the time that it has
// and with status 0.
func (h *house) stop(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := h.servers[name].Stop(ctx); err != nil {
		t.Errorf("stop %s: %v", name, err)
	}
}

func (h *house) kill(t *testing.T, name string) {
	t.Helper()
	if err := h.servers[name].Kill(); err != nil {
		t.Fatalf("kill %s: %v", name, err)
	}
}

// close stops the gateway, then what it asks.
func (h *house) close(t *testing.T) {
	t.Helper()
	for name := range h.servers {
		if name == "gateway" {
			h.stop(t, name)
		}
	}
	var g errgroup.Group
	for name := range h.servers {
		g.Go(func() error { h.stop(t, name); return nil })
	}
	_ = g.Wait() // stop tells the test
}

// logs shows what the processes said last.
func (h *house) logs(t *testing.T) {
	const most = 6000
	for name, s := range h.servers {
		log, err := os.ReadFile(s.Log)
		if err == nil && len(log) > 0 {
			t.Logf("%s:\n%s", name, log[max(0, len(log)-most):])
		}
	}
}

// run takes the selection through steps of its script.
func (h *house) run(t *testing.T, steps ...func(context.Context) error) {
	t.Helper()
	for _, step := range steps {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// vetted takes the selection to where voting may open.
func (h *house) vetted(t *testing.T) {
	t.Helper()
	h.run(t, h.Create, h.Nominate, h.Vet)
}

// check looks at the ballots and the events from outside, after the close.
func (h *house) check(t *testing.T) {
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
}

// delivered waits until every event has reached everyone it concerns.
func (h *house) delivered(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, wait, func() error { return h.Delivered(t.Context()) })
}

// script is that of a small selection.
func script(t *testing.T, api *client.Client) *demo.Script {
	t.Helper()
	rules, err := os.ReadFile("testdata/rulebook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in := demo.Input{Rulebook: string(rules), Entries: sheet(t, entries)}
	member := func(role identity.Role, scope string, n int) {
		for i := range n {
			name := fmt.Sprintf("%s-%d", role, i+1)
			in.Staff = append(in.Staff, demo.Member{Role: role, Scope: scope, Name: name, Email: name + "@example.org"})
		}
	}
	member(identity.Organizer, "", 1)
	member(identity.Vetter, "hr", 1)
	member(identity.Juror, "experts", 3)
	member(identity.Committee, "", 3)
	member(identity.Auditor, "", 1)
	return &demo.Script{
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
