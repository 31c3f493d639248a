package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

type publishInput struct {
	InSelection
	Body reasoned
}

type exportInput struct {
	InSelection
	What string `path:"what" enum:"votes,scores,ballots,candidates"`
}

func (a *API) resultRoutes(e *echo.Echo) {
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/result", summary: "The computed result, before it is public", staff: true},
		func(ctx context.Context, in *InSelection) (*body[review.Result], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Committee, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.GetResult(ctx, review.Of{Slug: in.Slug}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/publication", summary: "Make the result public, after the notice", status: http.StatusCreated, staff: true},
		func(ctx context.Context, in *publishInput) (*body[selection.Results], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.selection.PublishResult(ctx, selection.PublishResult{Slug: in.Slug, Reason: in.Body.Reason}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/results", summary: "The published result"},
		func(ctx context.Context, in *InSelection) (*body[selection.Results], error) {
			return answer(a.Results(ctx, in.Slug))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/exports/{what}", summary: "Votes, scores, ballots or candidates as CSV, as `laurel compute` reads them; everybody's once the result is public", staff: true, late: true, media: "text/csv"},
		func(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
			ctx, err := a.mayExport(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			file, size, err := a.export(ctx, in.Slug, in.What)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(out huma.Context) {
				defer file.Close()
				out.SetHeader("Content-Type", "text/csv; charset=utf-8")
				out.SetHeader("Content-Length", strconv.FormatInt(size, 10)) // so that a broken copy shows
				if _, err := io.Copy(out.BodyWriter(), file); err != nil {
					a.cfg.Log.WarnContext(ctx, "export broken off", "slug", in.Slug, "what", in.What, "error", err)
				}
			}}, nil
		})
	e.GET("/photos/:name", a.photo)
}

// export opens a file of so many bytes.
func (a *API) export(ctx context.Context, slug, what string) (file io.ReadCloser, size int64, err error) {
	var hash string
	switch what {
	case "votes":
		var x voting.Exported
		x, err = a.voting.ExportVotes(ctx, voting.Of{Slug: slug})
		hash = x.Blob
	case "ballots":
		var x voting.Exported
		x, err = a.voting.ExportBallots(ctx, voting.Of{Slug: slug})
		hash = x.Blob
	case "scores":
		var x review.Exported
		x, err = a.review.ExportScores(ctx, review.Of{Slug: slug})
		hash = x.Blob
	default:
		data, err := a.exportCandidates(ctx, slug)
		return io.NopCloser(bytes.NewReader(data)), int64(len(data)), err
	}
	if err != nil {
		return nil, 0, err
	}
	if file, size, err = a.blobs.Open(ctx, hash); err != nil {
		return nil, 0, fmt.Errorf("export %s: %w", what, err)
	}
	return file, size, nil
}

// mayExport lets organizers and auditors pass, and everybody once the result
// is public: it can be recomputed by anyone.
func (a *API) mayExport(ctx context.Context, slug string) (context.Context, error) {
	s, err := a.selections.Get(ctx, slug)
	if err == nil && s.PublishedAt != nil {
		return ctx, nil
	}
	return a.may(ctx, slug, identity.Organizer, identity.Auditor)
}

// exportCandidates is candidate,name,… of those on the list.
func (a *API) exportCandidates(ctx context.Context, slug string) ([]byte, error) {
	list, err := a.allCandidates(ctx, slug)
	if err != nil {
		return nil, err
	}
	further := map[string]bool{}
	for _, c := range list {
		for name := range c.Attributes {
			further[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(further))
	rows := [][]string{append([]string{"candidate", "name", "gender", "category", "employer", "region", "years", "recommended_by"}, names...)}
	for _, c := range list {
		if c.Struck {
			continue
		}
		years := ""
		if c.Years != nil {
			years = strconv.Itoa(*c.Years)
		}
		row := []string{strconv.Itoa(c.Number), c.Name, c.Gender, c.Category, c.Employer, c.Region, years, c.RecommendedBy}
		for _, name := range names {
			row = append(row, c.Attributes[name])
		}
		rows = append(rows, row)
	}
	var b bytes.Buffer
	err = csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}

var errNoPhoto = fault.New(fault.NotFound, "photo_unknown", "there is no such photo")

// photo serves /photos/<sha256>.jpg, which never changes.
func (a *API) photo(c echo.Context) error {
	const hashSize, suffix = 64, ".jpg"
	name := c.Param("name")
	if len(name) != hashSize+len(suffix) || name[hashSize:] != suffix || blob.CheckHash(name[:hashSize]) != nil {
		return errNoPhoto
	}
	r, size, err := a.Photo(c.Request().Context(), name[:hashSize])
	if err != nil {
		return err
	}
	defer r.Close()
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set(echo.HeaderContentLength, strconv.FormatInt(size, 10))
	return c.Stream(http.StatusOK, "image/jpeg", r)
}

// Photo opens a picture of the blob store; nothing else of it is public.
func (a *API) Photo(ctx context.Context, hash string) (io.ReadCloser, int64, error) {
	r, size, err := a.blobs.Open(ctx, hash)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return nil, 0, errNoPhoto.Because(err)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("photo: %w", err)
	}
	magic := make([]byte, 3)
	if _, err := io.ReadFull(r, magic); err != nil || !bytes.Equal(magic, []byte{0xff, 0xd8, 0xff}) {
		return nil, 0, errNoPhoto.Because(errors.Join(err, r.Close()))
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(magic), r), r}, size, nil
}

// The rest of what pages ask for.

// Selections gives all, newest first.
func (a *API) Selections(ctx context.Context) ([]selection.Selection, error) {
	return a.selection.ListSelections(ctx, struct{}{})
}

// Selection gives one.
func (a *API) Selection(ctx context.Context, slug string) (selection.Selection, error) {
	return a.selections.Get(ctx, slug)
}

// Candidates gives the whole list by number, struck ones too. Before the
// rulebook is frozen there are none.
func (a *API) Candidates(ctx context.Context, slug string) ([]nomination.Candidate, error) {
	s, err := a.selections.Get(ctx, slug)
	if err != nil || s.FrozenAt == nil {
		return []nomination.Candidate{}, err
	}
	return a.candidates.Get(ctx, slug)
}

// Candidate gives one with the whole story.
func (a *API) Candidate(ctx context.Context, slug string, number int) (nomination.Candidate, error) {
	if err := a.known(ctx, slug); err != nil {
		return nomination.Candidate{}, err
	}
	return a.nomination.GetCandidate(ctx, nomination.OfCandidate{Slug: slug, Number: number})
}

// Tally gives the counts as far as the rulebook shows them at this time.
func (a *API) Tally(ctx context.Context, slug string) (voting.Tally, error) {
	if err := a.known(ctx, slug); err != nil {
		return voting.Tally{}, err
	}
	return a.voting.GetTally(ctx, voting.Of{Slug: slug})
}

// Results gives the published outcome.
func (a *API) Results(ctx context.Context, slug string) (selection.Results, error) {
	return a.selection.GetResults(ctx, selection.Of{Slug: slug})
}

// ProveVoter issues a credential of the way "device". Fault: work.ErrWanted.
func (a *API) ProveVoter(ctx context.Context, slug, work string) (identity.Credential, error) {
	return a.proveVoter(ctx, slug, "device", work)
}
