// Package bench measures how fast ballots are counted, beside yardsticks in the
// same run on the same machine.
package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/demo"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/voting"
)

// Command is `laurel bench`.
type Command struct {
	Cast      Cast      `cmd:"" default:"withargs" help:"Cast ballots over HTTP as fast as they are counted, beside two yardsticks."`
	Yardstick Yardstick `cmd:"" hidden:"" help:"The server of the yardsticks."`
}

// Cast is `laurel bench cast`.
type Cast struct {
	DataDir string        `default:"/var/tmp/laurel-bench" type:"path" help:"Where PostgreSQL and the server keep their data."`
	Input   string        `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder of the selection that is voted on."`
	Span    time.Duration `default:"5s" help:"How long each target is asked at a time."`
	Rounds  int           `default:"3" help:"How often; the table has the medians."`
	Conns   []int         `default:"64,256" help:"Keep-alive connections, one request in flight on each."`
	Targets []string      `default:"empty,naive,laurel" help:"Who is asked."`
}

const (
	picksPerBallot = 5
	yardCandidates = 60
)

// Run starts the servers, each a process of its own, loads them in turn, and
// prints the table. The load comes from this process.
func (c *Cast) Run(ctx context.Context) (err error) {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	house := &demo.House{Dir: c.DataDir, Binary: binary, Proxies: []string{"127.0.0.0/8"}, Log: filepath.Join(c.DataDir, "server.log")}
	if house.Listen, err = freePort(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	if err := house.Open(ctx); err != nil {
		return err
	}
	fmt.Println("Preparing a selection …")
	script, err := c.prepare(ctx, house)
	if err != nil {
		return err
	}
	laurel, err := c.laurel(script, house)
	if err != nil {
		return err
	}
	yard, stop, err := yardsticks(ctx, binary, house)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	targets := slices.DeleteFunc(append(yard, laurel), func(t target) bool { return !slices.Contains(c.Targets, t.name) })
	if err := c.measure(ctx, targets); err != nil {
		return err
	}
	return size(ctx, house)
}

// size prints what ballots take on disk, with their indexes and the log.
func size(ctx context.Context, house *demo.House) error {
	db, err := pg.Open(ctx, pg.Config{URL: house.DatabaseURL(), Service: voting.Name})
	if err != nil {
		return err
	}
	defer db.Close()
	var got struct {
		Ballots int64 `db:"ballots"`
		Bytes   int64 `db:"bytes"`
	}
	if err := db.GetContext(ctx, &got, `
		SELECT (SELECT count(*) FROM ballot) AS ballots,
		       pg_total_relation_size('ballot') + pg_total_relation_size('batch') + pg_total_relation_size('subtree') AS bytes`); err != nil {
		return fmt.Errorf("size: %w", err)
	}
	fmt.Printf("%d ballots take %.0f bytes each on disk, indexes and log included.\n", got.Ballots, float64(got.Bytes)/float64(max(1, got.Ballots)))
	return nil
}

// prepare brings a selection to open voting.
func (c *Cast) prepare(ctx context.Context, house *demo.House) (*demo.Script, error) {
	in, err := demo.ReadInput(c.Input)
	if err != nil {
		return nil, err
	}
	rules, err := in.Edition(2)
	if err != nil {
		return nil, err
	}
	organizer := in.Staff[slices.IndexFunc(in.Staff, func(m demo.Member) bool { return m.Role == identity.Organizer })]
	if err := house.Run(ctx, strings.NewReader(demo.Password+"\n"),
		"admin", "create-user", "--email", organizer.Email, "--name", organizer.Name, "--role", string(identity.Organizer)); err != nil {
		return nil, err
	}
	s := &demo.Script{
		API: client.New("http://" + house.Listen), Input: in, Slug: fmt.Sprint("bench-", time.Now().Unix()), Rules: rules, Seed: 1,
		Progress: func(string, int) func() { return func() {} },
	}
	for _, step := range []func(context.Context) error{s.Create, s.Nominate, s.Vet} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s, s.Open(ctx, event.Voting)
}

// laurel casts valid ballots, each of a voter of its own.
func (c *Cast) laurel(s *demo.Script, house *demo.House) (target, error) {
	text, err := os.ReadFile(filepath.Join(house.Dir, "keys", "credential"))
	if err != nil {
		return target{}, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return target{}, err
	}
	key, expires := credential.Key(raw), time.Now().Add(time.Hour)
	return target{"laurel", house.Listen, func(dst []byte) []byte {
		v := credential.Voter{Slug: s.Slug, Way: "device", Expires: expires}
		rand.Read(v.ID[:])
		picks := draw(len(s.Candidates))
		for i, at := range picks {
			picks[i] = s.Candidates[at].Number
		}
		return post(dst, "/api/v1/selections/"+s.Slug+"/ballots", picks,
			"Authorization: Bearer "+key.Sign(v)+"\r\nX-Forwarded-For: "+network(v.ID)+"\r\nIdempotency-Key: "+hex.EncodeToString(v.ID[:8])+"\r\n")
	}}, nil
}

// draw draws different numbers below n.
func draw(n int) []int {
	picks := make([]int, 0, picksPerBallot)
	for len(picks) < picksPerBallot {
		if pick := mathrand.IntN(n); !slices.Contains(picks, pick) { //nolint:gosec // an invented ballot
			picks = append(picks, pick)
		}
	}
	return picks
}

// network is an address of the voter's: a shared one would be slowed down.
func network(id [16]byte) string { return fmt.Sprintf("10.%d.%d.%d", id[0], id[1], id[2]) }

// post appends a request to cast picks.
func post(dst []byte, path string, picks []int, headers string) []byte {
	body := `{"picks":[`
	for i, n := range picks {
		if i > 0 {
			body += ","
		}
		body += strconv.Itoa(n)
	}
	body += "]}"
	return fmt.Appendf(dst, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", path, headers, len(body), body)
}

// yardsticks starts their server.
func yardsticks(ctx context.Context, binary string, house *demo.House) ([]target, func() error, error) {
	address, err := freePort(ctx)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, "bench", "yardstick", "--listen", address)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+house.DatabaseURL())
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we end it
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() error { return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) }
	for began := time.Now(); ; {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Since(began) > answerLimit || ctx.Err() != nil {
			return nil, nil, errors.Join(err, stop())
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond): // it is starting
		}
	}
	of := func(name string) target {
		return target{name, address, func(dst []byte) []byte { return post(dst, "/"+name, draw(yardCandidates), "") }}
	}
	return []target{of("empty"), of("naive")}, stop, nil
}

// measure loads the targets in turn, round by round, and prints the medians.
func (c *Cast) measure(ctx context.Context, targets []target) error {
	fmt.Printf("%-8s %6s %12s %10s %10s %10s %10s\n", "target", "conns", "ballots/s", "p50", "p99", "of empty", "of naive")
	for _, conns := range c.Conns {
		loads := make([][]load, len(targets))
		for range c.Rounds {
			for i, t := range targets {
				l, err := t.run(ctx, conns, c.Span)
				if err != nil {
					return err
				}
				loads[i] = append(loads[i], l)
			}
		}
		rate := func(i int) float64 { return median(loads[i], func(l load) float64 { return l.rate }) }
		for i, t := range targets {
			ms := func(of func(load) time.Duration) float64 {
				return median(loads[i], func(l load) float64 { return float64(of(l).Microseconds()) / 1000 })
			}
			fmt.Printf("%-8s %6d %12.0f %8.1fms %8.1fms %10.2f %10.2f\n", t.name, conns, rate(i),
				ms(func(l load) time.Duration { return l.p50 }), ms(func(l load) time.Duration { return l.p99 }), rate(i)/rate(0), rate(i)/rate(min(1, len(targets)-1)))
		}
	}
	return nil
}

func median(loads []load, of func(load) float64) float64 {
	all := make([]float64, len(loads))
	for i, l := range loads {
		all[i] = of(l)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// freePort is one on loopback.
func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
