package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// Selections gives all, newest first.
func (c *Client) Selections(ctx context.Context) (s []selection.Selection, err error) {
	return s, c.call(ctx, http.MethodGet, "/api/v1/selections", nil, &s)
}

// Selection gives one with its phases.
func (c *Client) Selection(ctx context.Context, slug string) (s selection.Selection, err error) {
	return s, c.call(ctx, http.MethodGet, of(slug), nil, &s)
}

// Rulebook gives the document, whose SHA-256 is the rulebook's hash.
func (c *Client) Rulebook(ctx context.Context, slug string) (b []byte, err error) {
	return b, c.call(ctx, http.MethodGet, of(slug)+"/rulebook", nil, &b)
}

// Candidates gives the list by number, struck ones too.
func (c *Client) Candidates(ctx context.Context, slug string) (x []nomination.Candidate, err error) {
	return x, c.call(ctx, http.MethodGet, of(slug)+"/candidates?order=number", nil, &x)
}

// Candidate gives one with the whole story.
func (c *Client) Candidate(ctx context.Context, slug string, number int) (x nomination.Candidate, err error) {
	return x, c.call(ctx, http.MethodGet, of(slug)+"/candidates/"+strconv.Itoa(number), nil, &x)
}

// Tally gives the counts as far as they are shown.
func (c *Client) Tally(ctx context.Context, slug string) (t voting.Tally, err error) {
	return t, c.call(ctx, http.MethodGet, of(slug)+"/tally", nil, &t)
}

// Results gives the published result.
func (c *Client) Results(ctx context.Context, slug string) (r selection.Results, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/results", nil, &r)
}

// Receipt finds the ballot behind a receipt.
func (c *Client) Receipt(ctx context.Context, slug, receipt string) (r voting.Recorded, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/receipts/"+receipt, nil, &r)
}

// Checkpoint gives the ballot log's signed head, as pkg/ballotlog reads it.
func (c *Client) Checkpoint(ctx context.Context, slug string) (text string, err error) {
	var b []byte
	err = c.call(ctx, http.MethodGet, of(slug)+"/log/checkpoint", nil, &b)
	return string(b), err
}

// LogKey gives the public keys that verify the ballot log.
func (c *Client) LogKey(ctx context.Context, slug string) (k ballotlog.PublicKey, err error) {
	list, err := c.LogKeys(ctx, slug)
	if err != nil {
		return k, err
	}
	return ballotlog.ParsePublicKey(list)
}

// LogKeys gives the signed list of those keys, as pkg/ballotlog reads it.
func (c *Client) LogKeys(ctx context.Context, slug string) (list string, err error) {
	var b []byte
	err = c.call(ctx, http.MethodGet, of(slug)+"/log/key", nil, &b)
	return string(b), err
}

// Consistency proves that the ballot log of one size grew out of that of another.
func (c *Client) Consistency(ctx context.Context, slug string, from, to int64) (x voting.Consistency, err error) {
	return x, c.call(ctx, http.MethodGet, fmt.Sprintf("%s/log/consistency?from=%d&to=%d", of(slug), from, to), nil, &x)
}

// Tile gives hashes of the ballot log.
func (c *Client) Tile(ctx context.Context, slug string, t tlog.Tile) (b []byte, err error) {
	return b, c.call(ctx, http.MethodGet, of(slug)+"/log/tile/"+ballotlog.TilePath(t), nil, &b)
}

// Leaves gives every line of the ballot log, once the tally is final.
func (c *Client) Leaves(ctx context.Context, slug string) (b []byte, err error) {
	return b, c.call(ctx, http.MethodGet, of(slug)+"/log/leaves", nil, &b)
}

// SaveLeaves writes every line of the ballot log to w, however many they are,
// once the tally is final.
func (c *Client) SaveLeaves(ctx context.Context, slug string, w io.Writer) error {
	return c.save(ctx, of(slug)+"/log/leaves", w)
}

// Export gives votes, scores, ballots or candidates as CSV.
func (c *Client) Export(ctx context.Context, slug, what string) (b []byte, err error) {
	return b, c.call(ctx, http.MethodGet, of(slug)+"/exports/"+what, nil, &b)
}

// CheckTally has the voting service recount.
func (c *Client) CheckTally(ctx context.Context, slug string) (x voting.Check, err error) {
	return x, c.call(ctx, http.MethodGet, of(slug)+"/check", nil, &x)
}

// Deliveries tells whether every event reached everyone it concerns, once.
type Deliveries struct {
	Complete bool                `json:"complete"`
	Problems []string            `json:"problems"`
	Services []outbox.Deliveries `json:"services"`
}

// Deliveries asks every service what it sent and consumed.
func (c *Client) Deliveries(ctx context.Context, slug string) (d Deliveries, err error) {
	return d, c.call(ctx, http.MethodGet, of(slug)+"/deliveries", nil, &d)
}

// Voter is a holder of a credential.
type Voter struct {
	client *Client
	slug   string
}

// works is how often a work is done anew that came too late.
const works = 3

// Voter obtains a device credential. Where the server asks for proof of work,
// the client does it.
func (c *Client) Voter(ctx context.Context, slug string) (*Voter, error) {
	var credential identity.Credential
	ask := func(proof string) error {
		in := map[string]string{"way": identity.WayDevice}
		if proof != "" {
			in["work"] = proof
		}
		return c.call(ctx, http.MethodPost, of(slug)+"/voters", in, &credential)
	}
	err := ask("")
	for try := 0; try < works && errors.Is(err, work.ErrWanted); try++ {
		proof, failed := work.Do(ctx, fault.From(err))
		if failed != nil {
			return nil, failed
		}
		if err = ask(proof); errors.Is(err, identity.ErrWorkExpired) || errors.Is(err, identity.ErrWorkUsed) {
			err = ask("")
		}
	}
	if err != nil {
		return nil, err
	}
	return c.Bearer(slug, credential.Credential), nil
}

// Bearer is the voter of a credential.
func (c *Client) Bearer(slug, credential string) *Voter {
	return &Voter{c.WithToken(credential), slug}
}

// Statement says, signed, what is recorded for the voter.
func (v *Voter) Statement(ctx context.Context) (text string, err error) {
	var b []byte
	err = v.client.call(ctx, http.MethodGet, of(v.slug)+"/statement", nil, &b)
	return string(b), err
}

// Counted is a counted ballot.
type Counted struct {
	Receipt string    `json:"receipt"`
	At      time.Time `json:"at"`
}

// retries is how often a ballot is sent again whose outcome is not known: for
// half a minute, in which a server is restarted.
const retries = 8

// Cast casts a ballot. Where the server is away or does not know the outcome,
// it is sent again with the same Idempotency-Key, so that it counts once.
func (v *Voter) Cast(ctx context.Context, picks []int) (counted Counted, err error) {
	key := rand.Text()
	for try := 0; ; try++ {
		counted, err = v.CastWith(ctx, key, picks)
		if try == retries || !fault.Is(err, fault.Unavailable) {
			return counted, err
		}
		select {
		case <-ctx.Done():
			return counted, err
		case <-time.After(100 * time.Millisecond << try):
		}
	}
}

// CastWith casts a ballot once, with an Idempotency-Key.
func (v *Voter) CastWith(ctx context.Context, key string, picks []int) (counted Counted, err error) {
	return counted, v.client.call(ctx, http.MethodPost, of(v.slug)+"/ballots", map[string]any{"picks": picks}, &counted, "Idempotency-Key", key)
}
