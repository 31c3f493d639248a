package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/demo"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

const (
	picksPerBallot = 5
	yardCandidates = 60
)

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

// voters cast valid ballots, each of a voter of its own.
func voters(name string, house *demo.House, s *demo.Script) (target, error) {
	text, err := os.ReadFile(filepath.Join(house.Dir, "keys", "credential"))
	if err != nil {
		return target{}, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return target{}, err
	}
	key, expires := credential.Key(raw), time.Now().Add(time.Hour)
	return target{name, house.Listen, func(dst []byte) []byte {
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
	body := append(make([]byte, 0, 64), `{"picks":[`...)
	for i, n := range picks {
		if i > 0 {
			body = append(body, ',')
		}
		body = strconv.AppendInt(body, int64(n), 10)
	}
	body = append(body, "]}"...)
	return fmt.Appendf(dst, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", path, headers, len(body), body)
}
