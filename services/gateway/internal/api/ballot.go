package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/pack"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/voting"
)

type voterInput struct {
	InSelection
	Body struct {
		Way  string `json:"way" doc:"How to prove to be a voter: device or roster; the further fields are proofs, each of one way" example:"device"`
		Code string `json:"code,omitempty" maxLength:"64" doc:"Of the way roster: the code from the organizers, as typed" example:"K7M3-9TQX-2HFP"`
		Work string `json:"work,omitempty" maxLength:"1024" doc:"Only after the problem proof_of_work_wanted: the solution of its challenge, base64 of altcha's payload {algorithm, challenge, number, salt, signature}, where SHA-256 of the salt and the number is the challenge"`
	}
}

type ballotBody struct {
	Picks []int `json:"picks" doc:"Candidate numbers"`
}

// Counted is the answer to a ballot.
type Counted struct {
	Receipt string    `json:"receipt" doc:"At most 26 characters"`
	At      time.Time `json:"at" doc:"When it was counted"`
}

type receiptInput struct {
	InSelection
	Receipt string `path:"receipt" maxLength:"64"`
}

func (a *API) ballotRoutes(e *echo.Echo) {
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/voters", summary: "Prove to be a voter", status: http.StatusCreated},
		func(ctx context.Context, in *voterInput) (*body[identity.Credential], error) {
			if in.Body.Way == identity.WayRoster {
				return answer(a.ProveRoster(ctx, in.Slug, in.Body.Code))
			}
			return answer(a.proveVoter(ctx, in.Slug, in.Body.Way, in.Body.Work))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/tally", summary: "The counts, as far as the rulebook shows them at this time"},
		func(ctx context.Context, in *InSelection) (*body[voting.Tally], error) {
			return answer(a.Tally(ctx, in.Slug))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/receipts/{receipt}", summary: "What is recorded behind a receipt"},
		func(ctx context.Context, in *receiptInput) (*body[voting.Recorded], error) {
			return answer(a.voting.GetReceipt(ctx, voting.GetReceipt{Slug: in.Slug, Receipt: in.Receipt}))
		})
	const path = "/selections/{slug}/ballots"
	e.POST(echoPath("/api/v1"+path), a.castBallot)
	a.describeCasting("/api/v1" + path)
}

// castBallot is a plain handler: it is the hot path. Whoever cannot be served now
// hears so before any work is done for them.
func (a *API) castBallot(c echo.Context) error {
	if a.packer.Full() {
		a.credentials.Refused()
		return pack.Busy()
	}
	slug := c.Param("slug")
	voter, err := a.Voter(visitorOf(c.Request().Context()).token, slug)
	if err != nil {
		return named(err, echo.HeaderAuthorization)
	}
	picks, err := readBallot(c.Response(), c.Request())
	if err != nil {
		return err
	}
	out, err := a.Cast(voter, picks, c.Request().Header.Get("Idempotency-Key"))
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if out.Again {
		status = http.StatusOK
	}
	return c.JSONBlob(status, Counted{out.Receipt, out.At}.json())
}

// json is what encoding/json makes of it: a receipt needs no escapes.
func (c Counted) json() []byte {
	b := append(make([]byte, 0, 96), `{"receipt":"`...)
	b = append(b, c.Receipt...)
	b = append(b, `","at":"`...)
	b = c.At.AppendFormat(b, time.RFC3339Nano)
	return append(b, `"}`...)
}

func (a *API) proveVoter(ctx context.Context, slug, way, work string) (identity.Credential, error) {
	if err := a.known(ctx, slug); err != nil {
		return identity.Credential{}, err
	}
	done, err := a.credentials.Pass(visitorOf(ctx).address, slug, work)
	if err != nil {
		return identity.Credential{}, err
	}
	return a.identity.ProveVoter(ctx, identity.ProveVoter{Slug: slug, Way: way, Work: done})
}

var errNoCredential = fault.New(fault.Unauthorized, "credential_missing", "ask for a voter credential first: Authorization: Bearer CREDENTIAL")

// Voter tells whom a credential names, without asking anybody.
func (a *API) Voter(text, slug string) (credential.Voter, error) {
	if text == "" {
		return credential.Voter{}, errNoCredential
	}
	return a.verifier.Verify(text, slug, a.cfg.Now())
}

// Cast counts a ballot. Its key is as the client sent it, and goes no further
// than here. Faults: voting's, too_many_requests.
func (a *API) Cast(voter credential.Voter, picks []int, key string) (voting.Outcome, error) {
	if err := a.ballots.Take(string(voter.ID[:])); err != nil { // no allocation: the text stays on the stack
		return voting.Outcome{}, err
	}
	if len(key) > voting.MaxKey {
		return voting.Outcome{}, voting.ErrInvalid.At(fault.TooLong("Idempotency-Key", voting.MaxKey))
	}
	out, err := a.packer.Cast(voting.Cast{Slug: voter.Slug, Voter: voter.ID, Way: voter.Way, Picks: picks, Key: voting.HashKey(key)})
	if errors.Is(err, voting.ErrBusy) {
		a.credentials.Refused()
	}
	return out, err
}

// describeCasting puts the plain handler into the OpenAPI document.
func (a *API) describeCasting(path string) {
	doc := a.huma.OpenAPI()
	schema := func(v any) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(doc.Components.Schemas, reflect.TypeOf(v))}}
	}
	doc.AddOperation(&huma.Operation{
		OperationID: operationID(http.MethodPost, path), Method: http.MethodPost, Path: path, Summary: "Cast a ballot",
		Security: []map[string][]string{{"credential": {}}},
		Parameters: []*huma.Param{
			{Name: "slug", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
			{Name: "Idempotency-Key", In: "header", Description: "Whoever lost the answer sends the ballot again with the same key and gets the same receipt.", Schema: &huma.Schema{Type: huma.TypeString}},
		},
		RequestBody: &huma.RequestBody{Required: true, Content: schema(ballotBody{})},
		Responses: map[string]*huma.Response{
			"201":     {Description: "Counted", Content: schema(Counted{})},
			"200":     {Description: "Counted before, with the same Idempotency-Key", Content: schema(Counted{})},
			"default": a.problemResponse(),
		},
	})
}
