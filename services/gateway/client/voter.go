package client

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// works is how often a work is done anew that came too late.
const works = 3

// Voter is a holder of a credential.
type Voter struct {
	client *Client
	slug   string
}

// Voter obtains a device credential. Where the server asks for proof of work,
// the client does it.
func (c *Client) Voter(ctx context.Context, slug string) (*Voter, error) {
	var credential identity.Credential
	ask := func(proof string) error {
		in := gateway.ProveVoter{Way: identity.WayDevice, Work: proof}
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

// RosterVoter obtains the credential of a member by their code.
func (c *Client) RosterVoter(ctx context.Context, slug, code string) (*Voter, error) {
	var credential identity.Credential
	in := gateway.ProveVoter{Way: identity.WayRoster, Code: code}
	if err := c.call(ctx, http.MethodPost, of(slug)+"/voters", in, &credential); err != nil {
		return nil, err
	}
	return c.Bearer(slug, credential.Credential), nil
}

// Tally gives the counts as far as they are shown.
func (c *Client) Tally(ctx context.Context, slug string) (t voting.Tally, err error) {
	return t, c.call(ctx, http.MethodGet, of(slug)+"/tally", nil, &t)
}

// Receipt finds the ballot behind a receipt.
func (c *Client) Receipt(ctx context.Context, slug, receipt string) (r voting.Recorded, err error) {
	return r, c.call(ctx, http.MethodGet, of(slug)+"/receipts/"+receipt, nil, &r)
}

// Statement says, signed, what is recorded for the ballot of a receipt.
func (c *Client) Statement(ctx context.Context, slug, receipt string) (text string, err error) {
	return c.statement(ctx, slug, gateway.AskStatement{Receipt: receipt})
}

// StatementByCode tells whether a ballot is counted of the member whose code it
// is: gateway.ABallot or gateway.NoBallot.
func (c *Client) StatementByCode(ctx context.Context, slug, code string) (text string, err error) {
	text, err = c.statement(ctx, slug, gateway.AskStatement{Code: code})
	return strings.TrimSpace(text), err
}

// Statement says, signed, what is recorded for the voter's ballot that was cast
// with an Idempotency-Key.
func (v *Voter) Statement(ctx context.Context, key string) (text string, err error) {
	return v.client.statement(ctx, v.slug, gateway.AskStatement{Key: key})
}

func (c *Client) statement(ctx context.Context, slug string, in gateway.AskStatement) (text string, err error) {
	var b []byte
	err = c.call(ctx, http.MethodPost, of(slug)+"/statement", in, &b)
	return string(b), err
}
