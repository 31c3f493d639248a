package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
	"github.com/laurel-awards/laurel/services/selection"
)

// workInstallation is an installation with the real identity.
type workInstallation struct {
	*installation

	works interface { // identity's database
		Get(into any, query string, args ...any) error
	}
}

// working is a gateway that asks for easy work.
func working(t *testing.T, change ...func(*server.Config)) *workInstallation {
	t.Helper()
	h := bare(t, testkit.Log(t))
	deps := testkit.Deps(t, h.nats, run.Room{Name: identity.Name, Migrations: identityserver.Migrations()}, h.clock)
	room, err := identityserver.New(deps, identityserver.Config{
		CredentialKey: h.key, FactorKey: bytes.Repeat([]byte("f"), 32), RosterKey: []byte(strings.Repeat("r", 32)),
		CredentialTTL: time.Hour, SessionTTL: time.Hour, PasswordCost: identityserver.PasswordCost{Memory: 64, Passes: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Start(t, room, deps)
	h.serve(t, map[string][]bus.Endpoint{selection.Name: selection.Endpoints(selectionRoom{})})
	h.start(t, append([]func(*server.Config){easy}, change...)...)
	return &workInstallation{h, deps.DB}
}

func easy(c *server.Config) { c.WorkNumbers = 40 }

// asked has an address ask until work is wanted, and gives the work.
func (h *workInstallation) asked(t *testing.T) string {
	t.Helper()
	for {
		a := h.ask(t, http.MethodPost, voters, "", `{"way":"device"}`)
		if a.Status == http.StatusCreated {
			continue
		}
		p := a.problem(t)
		if p.Status != http.StatusTooManyRequests || p.Code != "proof_of_work_wanted" || a.Header.Get("Retry-After") != "1" {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		f := work.ErrWanted.At()
		f.Params = p.Params
		done, err := work.Do(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
}

func send(t *testing.T, h *installation, done string) answer {
	t.Helper()
	return h.ask(t, http.MethodPost, voters, "", `{"way":"device","work":"`+done+`"}`)
}

// TestWork takes a work once, through whatever gateway, before it expires.
func TestWork(t *testing.T) {
	h := working(t)
	another := *h.installation
	another.start(t, easy)

	done, late := h.asked(t), h.asked(t)
	if a := send(t, &another, done); a.Status != http.StatusCreated || !strings.Contains(a.Body, `"credential":"v2.`) {
		t.Errorf("through another gateway: %d %s", a.Status, a.Body)
	}
	refused := func(name string, a answer, code string) {
		t.Helper()
		if p := a.problem(t); p.Status != http.StatusUnprocessableEntity || p.Code != code || strings.Join(p.fields(), ",") != "work" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	refused("used there", send(t, h.installation, done), "work_used")
	refused("used again", send(t, &another, done), "work_used")
	foreign, err := work.NewChallenges(h.key, h.clock.Now).New("another-selection", 10)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := work.Solve(t.Context(), foreign)
	if err != nil {
		t.Fatal(err)
	}
	refused("for another selection", send(t, h.installation, elsewhere), "work_foreign")
	refused("nonsense", send(t, h.installation, base64.StdEncoding.EncodeToString([]byte(`{"algorithm":"SHA-256"}`))), "work_invalid")
	h.clock.Advance(5 * time.Minute)
	refused("expired", send(t, h.installation, late), "work_expired")

	if a := h.ask(t, http.MethodPost, voters, "", `{"way":"device","work":null}`); a.Status != http.StatusCreated {
		t.Errorf("null, which is none: %d %s", a.Status, a.Body)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"a number":       {`{"way":"device","work":5}`, 422, "work"},
		"a list":         {`{"way":"device","work":["x"]}`, 422, "work"},
		"too long":       {`{"way":"device","work":"` + strings.Repeat("A", 2000) + `"}`, 422, "work"},
		"a megabyte":     {`{"way":"device","work":"` + strings.Repeat("A", 1<<20) + `"}`, 413, "body"},
		"no such field":  {`{"way":"device","proof":"x"}`, 422, "proof"},
		"binary":         {`{"way":"device","work":"\u0000\uffff"}`, 422, "work"},
		"an unknown way": {`{"way":"passport","work":""}`, 422, "way"},
	} {
		a := h.ask(t, http.MethodPost, voters, "", c.body)
		if p := a.problem(t); p.Status != c.status || strings.Join(p.fields(), ",") != c.field {
			t.Errorf("%s: %d %.300s", name, a.Status, a.Body)
		}
	}
}

// TestWork_school has 3,000 voters behind one address within a minute, and a
// script among them that does no work: they all get through, by working, and it
// gets no more than the address may have without.
func TestWork_school(t *testing.T) {
	const (
		pupils = 3000
		pace   = time.Minute / pupils
	)
	free := limit.Rate{PerSecond: 2, Burst: 60}
	h := working(t, limits(func(l *app.Limits) { l.Credentials.Network = free }))
	c := client.New(h.url)
	var (
		all          sync.WaitGroup
		next, script atomic.Int64
	)
	for range 8 {
		all.Go(func() {
			for i := next.Add(1); i <= pupils; i = next.Add(1) {
				h.clock.Advance(pace)
				if _, err := c.Voter(t.Context(), here); err != nil {
					t.Errorf("pupil %d: %v", i, err)
				}
				if i%5 != 0 {
					continue
				}
				switch status, after, err := h.try(t.Context()); {
				case err != nil:
					t.Error(err)
				case status == http.StatusCreated:
					script.Add(1)
				case status != http.StatusTooManyRequests || after != "1":
					t.Errorf("the script: %d, Retry-After %q", status, after)
				}
			}
		})
	}
	all.Wait()
	var worked int64
	if err := h.works.Get(&worked, `SELECT count(*) FROM work`); err != nil {
		t.Fatal(err)
	}
	if n, most := pupils+script.Load()-worked, int64(free.Burst)+int64(60*free.PerSecond); n > most || worked == 0 {
		t.Errorf("%d credentials without work, %d of them the script's; %d may be had", n, script.Load(), most)
	}
}

// try asks for a credential without work, from any goroutine.
func (h *workInstallation) try(ctx context.Context) (status int, retryAfter string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+voters, strings.NewReader(`{"way":"device"}`))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	return resp.StatusCode, resp.Header.Get("Retry-After"), resp.Body.Close()
}
