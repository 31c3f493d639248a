package api

import (
	"bytes"
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/kept"
	"github.com/laurel-awards/laurel/services/nomination"
)

type candidatesInput struct {
	InSelection
	Order gateway.Order `query:"order" default:"fair" doc:"fair: shuffled for this voter; number: by number"`
	Seed  string        `query:"seed" maxLength:"64" doc:"Of the fair order, where the caller has no credential"`
}

// InCandidate is the candidate in a path.
type InCandidate struct {
	InSelection
	Number int `path:"number" minimum:"1" maximum:"1000000"`
}

type strikeInput struct {
	InCandidate
	Body gateway.Reason
}

func (a *API) candidateRoutes() {
	const all, one = "/selections/{slug}/candidates", "/selections/{slug}/candidates/{number}"
	register(a, route{
		act: app.ListCandidates, at: "GET " + all, summary: "The candidates, struck ones too", out: reflect.TypeFor[[]nomination.Candidate](),
	}, a.candidates)
	serve(a, route{act: app.ReadCandidate, at: "GET " + one, summary: "A candidate with the whole story"},
		func(ctx context.Context, in *InCandidate) (nomination.Candidate, error) {
			return a.app.Candidate(ctx, in.Slug, in.Number)
		})
	serve(a, route{act: app.StrikeCandidate, at: "POST " + one + "/strike", summary: "Take a candidate off the list"},
		func(ctx context.Context, in *strikeInput) (nomination.Candidate, error) {
			return a.app.StrikeCandidate(ctx, nomination.StrikeCandidate{Slug: in.Slug, Number: in.Number, Reason: in.Body.Reason})
		})
}

// listKey names a list of candidates as it goes out.
type listKey struct {
	slug    string
	version uint64
	order   int // of the fair ones; below 0: by number
}

// listBytes is how many bytes of lists are kept.
const listBytes = 16 << 20

// candidates is a list, made once for all who ask for it in the same order.
func (a *API) candidates(ctx context.Context, in *candidatesInput) (*huma.StreamResponse, error) {
	list, version, err := a.app.LookCandidates(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	key := listKey{in.Slug, version, -1}
	keep := "public, no-cache" // a cache in front asks each time whether it is still so
	if in.Order != gateway.OrderNumber {
		key.order = app.OrderOf(list, a.seed(ctx, in), in.Slug)
		if in.Seed == "" {
			keep = "private, no-cache"
		}
	}
	page, err := a.lists.Get(key, func() (*kept.Page, error) {
		ordered := list
		if key.order >= 0 {
			ordered = app.InOrder(list, key.order, in.Slug)
		}
		var out bytes.Buffer
		if err := huma.DefaultJSONFormat.Marshal(&out, ordered); err != nil {
			return nil, err
		}
		return kept.Keep(out.Bytes())
	})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		c := humaecho.Unwrap(out)
		c.Response().Header().Set("Cache-Control", keep)
		if err := page.Send(c, http.StatusOK, echo.MIMEApplicationJSON, false); err != nil {
			a.cfg.Log.DebugContext(ctx, "answer not sent", "error", err)
		}
	}}, nil
}

// seed of the caller's fair order: as asked, else by the credential, else by
// the address.
func (a *API) seed(ctx context.Context, in *candidatesInput) string {
	caller := app.CallerOf(ctx)
	if in.Seed != "" {
		return in.Seed
	}
	if voter, err := a.app.Voter(caller.Token, in.Slug); err == nil {
		return voter.HexID()
	}
	return caller.Address
}
