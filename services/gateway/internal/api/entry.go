package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
)

// InEntry is the entry in a path.
type InEntry struct {
	InSelection
	Entry string `path:"entry" format:"uuid"`
}

// nominationForm is a nomination form; the service knows its rules.
type nominationForm struct {
	Name          string            `json:"name"`
	Gender        string            `json:"gender,omitempty" doc:"female or male"`
	Category      string            `json:"category,omitempty" doc:"Id in the rulebook"`
	Employer      string            `json:"employer"`
	Region        string            `json:"region"`
	Years         *int              `json:"years,omitempty" doc:"On the job"`
	Deeds         string            `json:"deeds" doc:"The story, at most 5,000 characters"`
	RecommendedBy string            `json:"recommended_by,omitempty"`
	Attributes    map[string]string `json:"attributes,omitempty"`
}

type submitInput struct {
	InSelection
	Body nominationForm
}

type importInput struct {
	InSelection
	DryRun  bool   `query:"dry_run" doc:"Check only"`
	RawBody []byte `contentType:"application/octet-stream"`
}

type photoInput struct {
	InEntry
	RawBody []byte `contentType:"application/octet-stream"`
}

type listEntriesInput struct {
	InSelection
	State nomination.State `query:"state" enum:"submitted,vetoed,admitted,struck,withdrawn"`
	After string           `query:"after" doc:"Id of the last entry of the page before"`
	Limit int              `query:"limit" minimum:"1" maximum:"200" default:"200"`
}

type opinionInput struct {
	InEntry
	Body struct {
		Department string `json:"department" doc:"Id in the rulebook"`
		Verdict    string `json:"verdict" doc:"pass or fail"`
		Reason     string `json:"reason,omitempty" doc:"Required to fail"`
	}
}

type entryReasonInput struct {
	InEntry
	Body reasoned
}

// importTime is how long the check of a whole file, pictures included, may take.
const importTime = 60 * time.Second

func (a *API) entryRoutes() {
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/entries", summary: "Nominate: an organizer, or anybody for themselves or others", status: http.StatusCreated},
		func(ctx context.Context, in *submitInput) (*body[nomination.Entry], error) {
			ctx, err := a.nominator(ctx, in.Slug)
			if err != nil {
				return nil, err
			}
			if err := a.known(ctx, in.Slug); err != nil {
				return nil, err
			}
			n := in.Body
			e, err := a.nomination.SubmitEntry(ctx, nomination.SubmitEntry{Slug: in.Slug, Nominee: nomination.Nominee{
				Name: n.Name, Gender: n.Gender, Category: n.Category, Employer: n.Employer, Region: n.Region, Years: n.Years,
				Deeds: n.Deeds, RecommendedBy: n.RecommendedBy, Attributes: n.Attributes,
			}})
			if actor.From(ctx).Kind != actor.Staff {
				e.Warnings = nil // they say who else has been nominated
			}
			return answer(e, called(err, "nominee.", ""))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/entries/import", summary: "Import entries from CSV or XLSX, all or nothing", body: maxImport, staff: true},
		func(ctx context.Context, in *importInput) (*body[nomination.Imported], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			if err := a.known(ctx, in.Slug); err != nil {
				return nil, err
			}
			hash, err := a.upload(ctx, in.RawBody, maxImport)
			if err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, importTime)
			defer cancel()
			imported, err := a.nomination.ImportEntries(ctx, nomination.ImportEntries{Slug: in.Slug, Blob: hash, DryRun: in.DryRun})
			return answer(imported, called(err, "blob", "body"))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/entries", summary: "Entries in order of submission", staff: true},
		func(ctx context.Context, in *listEntriesInput) (*body[[]nomination.Entry], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Vetter, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.nomination.ListEntries(ctx, nomination.ListEntries{Slug: in.Slug, State: in.State, After: in.After, Limit: in.Limit}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/entries/{entry}", summary: "An entry with its opinions", staff: true},
		func(ctx context.Context, in *InEntry) (*body[nomination.Entry], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Vetter, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.nomination.GetEntry(ctx, nomination.OfEntry{Slug: in.Slug, Entry: in.Entry}))
		})
	register(a, route{method: http.MethodPut, path: "/selections/{slug}/entries/{entry}/photo", summary: "Give an entry its photo: JPEG, PNG or WebP", body: maxPhoto, staff: true},
		func(ctx context.Context, in *photoInput) (*body[nomination.Entry], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			hash, err := a.upload(ctx, in.RawBody, maxPhoto)
			if err != nil {
				return nil, err
			}
			e, err := a.nomination.SetPhoto(ctx, nomination.SetPhoto{Slug: in.Slug, Entry: in.Entry, Blob: hash})
			return answer(e, called(err, "blob", "body"))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/entries/{entry}/opinions", summary: "A department's opinion on an entry", staff: true},
		func(ctx context.Context, in *opinionInput) (*body[nomination.Entry], error) {
			ctx, err := a.mayIn(ctx, in.Slug, in.Body.Department, identity.Vetter)
			if err != nil {
				return nil, err
			}
			return answer(a.nomination.GiveOpinion(ctx, nomination.GiveOpinion{
				Slug: in.Slug, Entry: in.Entry, Department: in.Body.Department, Verdict: in.Body.Verdict, Reason: in.Body.Reason,
			}))
		})
	register(a, route{method: http.MethodPost, path: "/selections/{slug}/entries/{entry}/withdraw", summary: "Take an entry back before it is a candidate", staff: true},
		func(ctx context.Context, in *entryReasonInput) (*body[nomination.Entry], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.nomination.WithdrawEntry(ctx, nomination.WithdrawEntry{Slug: in.Slug, Entry: in.Entry, Reason: in.Body.Reason}))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/vetting", summary: "How far vetting is", staff: true},
		func(ctx context.Context, in *InSelection) (*body[nomination.Progress], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Vetter, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.nomination.GetProgress(ctx, nomination.Of{Slug: in.Slug}))
		})
}

// nominator is an organizer, or the public at a public's rate.
func (a *API) nominator(ctx context.Context, slug string) (context.Context, error) {
	v := visitorOf(ctx)
	if v.token != "" {
		return a.may(ctx, slug, identity.Organizer)
	}
	return actor.With(ctx, actor.Actor{Kind: actor.Public, ID: v.address}), a.entries.Take(v.address)
}

// upload puts a body into the blob store, from which services take it.
func (a *API) upload(ctx context.Context, data []byte, limit int64) (hash string, err error) {
	ref, err := a.blobs.Put(ctx, bytes.NewReader(data), limit)
	var tooLarge *blob.TooLargeError
	if errors.As(err, &tooLarge) {
		return "", problem.TooLarge(tooLarge.Limit)
	}
	return ref.Hash, err
}
