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

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// A ballot has five picks of sixty candidates.
const (
	picksPerBallot = 5
	candidates     = 60
)

// prepare brings a selection to open voting.
func (c *Cast) prepare(ctx context.Context, at *installation.Installation) (*script.Script, error) {
	in, err := script.ReadInput(c.Input)
	if err != nil {
		return nil, err
	}
	in.Refusals = nil // nobody is turned away: there are as many candidates as are wanted
	rules, err := in.Edition(2)
	if err != nil {
		return nil, err
	}
	organizer := in.With(identity.Organizer)[0]
	if err := at.CreateOrganizer(ctx, organizer.Email, organizer.Name, script.Password); err != nil {
		return nil, err
	}
	s := &script.Script{
		API: client.New("http://" + at.Listen).From(network(randomID())), Input: in, Slug: fmt.Sprint("bench-", time.Now().Unix()), Rules: rules, Seed: 1,
		Progress: func(string, int) func() { return func() {} },
	}
	for _, step := range []func(context.Context) error{s.Create, s.Nominate, s.Vet} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if len(s.Candidates) != candidates {
		return nil, fmt.Errorf("%s has %d candidates, %d are wanted", c.Input, len(s.Candidates), candidates)
	}
	return s, s.Open(ctx, rulebook.PhaseVoting)
}

// voters cast valid ballots for some of the numbers in one of the selections, each
// of a voter of its own.
func voters(name string, in *installation.Installation, numbers []int, slugs ...string) (target, error) {
	text, err := os.ReadFile(filepath.Join(in.Dir, "keys", "credential"))
	if err != nil {
		return target{}, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return target{}, err
	}
	makers := make([]func([]byte) []byte, len(slugs))
	for i, slug := range slugs {
		makers[i] = ballots("/api/v1/selections/"+slug+"/ballots", slug, credential.Key(raw), numbers)
	}
	return target{name, in.Listen, oneOf(makers)}, nil
}

func numbersOf(s *script.Script) []int {
	numbers := make([]int, len(s.Candidates))
	for i, c := range s.Candidates {
		numbers[i] = c.Number
	}
	return numbers
}

// ballots makes requests to cast a ballot for some of the numbers.
func ballots(path, slug string, key credential.Key, numbers []int) func(dst []byte) []byte {
	expires := time.Now().Add(time.Hour)
	return func(dst []byte) []byte {
		v := credential.Voter{Slug: slug, Way: "device", Expires: expires}
		rand.Read(v.ID[:])
		return post(dst, path, draw(numbers),
			"Authorization: Bearer "+key.Sign(v)+"\r\nX-Forwarded-For: "+network(v.ID)+"\r\nIdempotency-Key: "+hex.EncodeToString(v.ID[:8])+"\r\n")
	}
}

func randomID() (id [16]byte) {
	rand.Read(id[:])
	return id
}

// draw draws different ones of the numbers.
func draw(numbers []int) []int {
	picks := make([]int, 0, picksPerBallot)
	for len(picks) < picksPerBallot {
		if pick := numbers[mathrand.IntN(len(numbers))]; !slices.Contains(picks, pick) {
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
