package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/page"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/selection"
)

// The forms in which codes are handed out, and how many codes each can hold:
// slips are for a printer.
const (
	formXLSX = "xlsx"
	formHTML = "html"

	mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	mediaHTML = "text/html"

	maxSlips = 20_000
)

// The faults of rosters that the gateway itself finds.
var (
	errNoRosterWay  = fault.New(fault.Conflict, "roster_not_taken", "the rulebook does not take voters by roster: voting.voters")
	errTooManyCodes = fault.New(fault.TooMany, "too_many_codes", "too many wrong codes; wait a little")
)

type rosterInput struct {
	InSelection
	RawBody []byte `contentType:"application/octet-stream"`
}

type codesInput struct {
	InSelection
	Body struct {
		Format   string `json:"format" enum:"xlsx,html" doc:"A spreadsheet, or a page of slips to be printed and cut"`
		Language string `json:"language,omitempty" enum:"zh-CN,en" default:"zh-CN" doc:"Of the slips"`
		Reason   string `json:"reason,omitempty" maxLength:"1000" doc:"Why unused codes are replaced; without it only members who have no code get one"`
	}

	host string // that the client used, with the scheme
}

// Resolve implements huma.Resolver.
func (in *codesInput) Resolve(ctx huma.Context) []error {
	in.host = "http://"
	if ctx.TLS() != nil {
		in.host = "https://"
	}
	in.host += ctx.Host()
	return nil
}

type replaceInput struct {
	InSelection
	Body struct {
		Member string `json:"member" minLength:"1" maxLength:"256" doc:"As in the roster"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why; goes into the audit log"`
	}
}

func (a *API) rosterRoutes() {
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/roster/import", summary: "Import members from CSV or XLSX (member[,name][,constituency]), all or nothing; who is there stays as they are", body: maxImport, staff: true},
		func(ctx context.Context, in *rosterInput) (*body[identity.RosterImported], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.importRoster(ctx, in.Slug, in.RawBody))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/roster", summary: "A roster in figures", staff: true},
		func(ctx context.Context, in *InSelection) (*body[identity.Roster], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.identity.GetRoster(ctx, identity.OfRoster{Slug: in.Slug}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/roster/codes", summary: "Make the members' codes and hand them out, this once", staff: true, media: mediaXLSX + "," + mediaHTML},
		func(ctx context.Context, in *codesInput) (*huma.StreamResponse, error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return a.exportCodes(ctx, in)
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/roster/codes/replace", summary: "Give one member a new code; the one before is good no more", staff: true},
		func(ctx context.Context, in *replaceInput) (*body[identity.Coded], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.identity.ReplaceCode(ctx, identity.ReplaceCode{Slug: in.Slug, Member: in.Body.Member, Reason: in.Body.Reason}))
		})
}

func (a *API) importRoster(ctx context.Context, slug string, file []byte) (identity.RosterImported, error) {
	var out identity.RosterImported
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return out, err
	}
	rules, err := rulebook.Parse(s.Rulebook)
	if err != nil {
		return out, fmt.Errorf("rulebook of %s: %w", slug, err)
	}
	if !rules.Voting.Admits(rulebook.WayRoster) {
		return out, errNoRosterWay
	}
	in := identity.ImportRoster{Slug: slug}
	if c := rules.Voting.Constituency; c != nil && c.From == rulebook.ConstituencyRoster {
		in.Divided, in.Constituencies = true, c.Values
	}
	if in.Blob, err = a.upload(ctx, file, maxImport); err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	out, err = a.identity.ImportRoster(ctx, in)
	return out, called(err, "blob", "body")
}

// exportCodes hands codes out in the body of the answer, and keeps them
// nowhere. Whoever loses it asks again, with a reason.
func (a *API) exportCodes(ctx context.Context, in *codesInput) (*huma.StreamResponse, error) {
	s, err := a.selections.Get(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	most := identity.MaxMembers
	if in.Body.Format == formHTML {
		most = maxSlips
	}
	within, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	made, err := a.identity.ExportCodes(within, identity.ExportCodes{Slug: in.Slug, Reason: in.Body.Reason, Most: most})
	if errors.Is(err, identity.ErrCodesTooMany) {
		err = named(err, "format")
	}
	if err != nil {
		return nil, err
	}
	codes, err := a.openCodes(ctx, made)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		name := fmt.Sprintf("%s-codes-%d.%s", in.Slug, made.Export, in.Body.Format)
		out.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		if err := a.writeCodes(out, in, s, codes); err != nil {
			a.cfg.Log.WarnContext(ctx, "codes broken off", "slug", in.Slug, "export", made.Export, "error", err)
		}
	}}, nil
}

func (a *API) openCodes(ctx context.Context, made identity.CodesExported) ([]identity.Coded, error) {
	sealed, _, err := a.blobs.Open(ctx, made.Blob)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	defer sealed.Close()
	text, err := io.ReadAll(sealed)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	return codelist.Open(text, made.Key)
}

func (a *API) writeCodes(out huma.Context, in *codesInput, s selection.Selection, codes []identity.Coded) error {
	address := in.host
	if a.cfg.PublicURL != "" {
		address = strings.TrimSuffix(a.cfg.PublicURL, "/")
	}
	address += "/s/" + s.Slug
	if in.Body.Format == formHTML {
		out.SetHeader("Content-Type", mediaHTML+"; charset=utf-8")
		return page.WriteSlips(out.BodyWriter(), in.Body.Language, page.Slips{Title: s.Title, Address: address, Codes: codes})
	}
	out.SetHeader("Content-Type", mediaXLSX)
	return table.WriteXLSX(out.BodyWriter(), table.Sheet{
		Header: []string{"member", "name", "constituency", "code", "address"},
		Rows: func(yield func([]string) bool) {
			for _, c := range codes {
				if !yield([]string{c.Member, c.Name, c.Constituency, c.Code, page.CodeAddress(address, c.Code)}) {
					return
				}
			}
		},
	})
}

// codeTries holds wrong codes to a rate, of a network and in a selection: the
// first stops a script, the second many networks. A right code costs nothing,
// and one that cannot be right is told so at no cost, so a shared network is
// not held up by its own people.
type codeTries struct{ network, selection *limit.Tries }

func newCodeTries(network, selection limit.Rate, now func() time.Time) codeTries {
	return codeTries{limit.NewTries(network, now), limit.NewTries(selection, now)}
}

// begin gives what ends a try, or too_many_codes.
func (t codeTries) begin(slug, network string) (end func(wrong bool), err error) {
	near, wait := t.network.Begin(slug + " " + network)
	if near == nil {
		return nil, tooManyCodes(wait)
	}
	wide, wait := t.selection.Begin(slug)
	if wide == nil {
		near(false)
		return nil, tooManyCodes(wait)
	}
	return func(wrong bool) { near(wrong); wide(wrong) }, nil
}

func tooManyCodes(wait time.Duration) error {
	f := *errTooManyCodes
	f.RetryAfter = wait
	return &f
}

// ProveRoster issues a credential to who has a code. Faults: identity's
// ErrCodeMistyped and ErrCode; too_many_codes.
func (a *API) ProveRoster(ctx context.Context, slug, code string) (identity.Credential, error) {
	if err := a.known(ctx, slug); err != nil {
		return identity.Credential{}, err
	}
	end, err := a.codes.begin(slug, visitorOf(ctx).address)
	if err != nil {
		return identity.Credential{}, err
	}
	proved, err := a.identity.ProveVoter(ctx, identity.ProveVoter{Slug: slug, Way: identity.WayRoster, Code: code})
	end(errors.Is(err, identity.ErrCode))
	return proved, err
}
