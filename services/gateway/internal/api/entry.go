package api

import (
	"context"
	"net/http"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/nomination"
)

// InEntry is the entry in a path.
type InEntry struct {
	InSelection
	Entry string `path:"entry" format:"uuid"`
}

// aboutEntry is a request about an entry whose body is T.
type aboutEntry[T any] struct {
	InEntry
	Body T
}

type importInput struct {
	InSelection
	DryRun  bool               `query:"dry_run" doc:"Check only"`
	Sheet   string             `query:"sheet" maxLength:"100" doc:"Sheet of the workbook, where several name the columns"`
	Unknown nomination.Unknown `query:"unknown" doc:"Columns that are not in the form: note keeps them for the organizer alone, leave leaves them out"`
	Upload
}

type photoInput struct {
	InEntry
	Upload
}

type listEntriesInput struct {
	InSelection
	State nomination.State `query:"state"`
	After string           `query:"after" doc:"Id of the last entry of the page before"`
	Limit int              `query:"limit" minimum:"1" maximum:"200" default:"200"`
}

type findEntriesInput struct {
	InSelection
	Text          string            `query:"q" maxLength:"200" doc:"Words in name, employer, region, recommending body, attributes; or a candidate's number"`
	State         nomination.State  `query:"state"`
	Category      string            `query:"category" doc:"Id in the rulebook"`
	Region        string            `query:"region" maxLength:"200" doc:"As typed in the entry"`
	Department    string            `query:"department" doc:"Whose opinion; any where empty"`
	Opinion       string            `query:"opinion" doc:"{opinions}"`
	RecommendedBy string            `query:"recommended_by" maxLength:"200"`
	Photo         nomination.Having `query:"photo"`
	Sort          nomination.Sort   `query:"sort" doc:"With a minus before it the other way"`
	Page          int               `query:"page" minimum:"1" default:"1"`
	Limit         int               `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func nominee(n gateway.NominationForm) nomination.Nominee {
	return nomination.Nominee{
		Name: n.Name, Gender: n.Gender, Category: n.Category, Employer: n.Employer, Region: n.Region, Years: n.Years,
		Deeds: n.Deeds, RecommendedBy: n.RecommendedBy, Attributes: n.Attributes,
	}
}

func (a *API) entryRoutes() {
	const entries, entry = "/selections/{slug}/entries", "/selections/{slug}/entries/{entry}"
	serve(a, route{
		act: app.SubmitEntry, at: "POST " + entries, summary: "Nominate: an organizer, or anybody for themselves or others",
		status: http.StatusCreated,
	},
		func(ctx context.Context, in *about[gateway.NominationForm]) (nomination.Entry, error) {
			e, err := a.app.SubmitEntry(ctx, nomination.SubmitEntry{Slug: in.Slug, Nominee: nominee(in.Body)})
			return e, called(err, "nominee.", "")
		})
	serve(a, route{
		act: app.ImportEntries, at: "POST " + entries + "/import", summary: "Import entries from CSV or XLSX, all or nothing",
		body: app.MaxImport,
	},
		func(ctx context.Context, in *importInput) (nomination.Imported, error) {
			file, err := in.file()
			if err != nil {
				return nomination.Imported{}, err
			}
			imported, err := a.app.ImportEntries(ctx, nomination.ImportEntries{Slug: in.Slug, DryRun: in.DryRun, Sheet: in.Sheet, Unknown: in.Unknown}, file)
			return imported, called(err, "blob", "body")
		})
	serve(a, route{act: app.ReadEntries, at: "GET " + entries, summary: "Entries in order of submission"},
		func(ctx context.Context, in *listEntriesInput) ([]nomination.Entry, error) {
			return a.app.Entries(ctx, nomination.ListEntries{Slug: in.Slug, State: in.State, After: in.After, Limit: in.Limit})
		})
	serve(a, route{act: app.ReadEntries, at: "GET " + entries + "/search", summary: "Entries searched, filtered, sorted and paged"},
		func(ctx context.Context, in *findEntriesInput) (nomination.EntriesFound, error) {
			return a.app.FindEntries(ctx, nomination.FindEntries{
				Slug: in.Slug, Text: in.Text, State: in.State, Category: in.Category, Region: in.Region, Department: in.Department, Opinion: in.Opinion,
				RecommendedBy: in.RecommendedBy, Photo: in.Photo, Sort: in.Sort, Page: in.Page, Limit: in.Limit,
			})
		})
	serve(a, route{act: app.ReadEntries, at: "GET " + entry, summary: "An entry with its opinions"},
		func(ctx context.Context, in *InEntry) (nomination.Entry, error) {
			return a.app.Entry(ctx, nomination.OfEntry{Slug: in.Slug, Entry: in.Entry})
		})
	serve(a, route{
		act: app.CorrectEntry, at: "PUT " + entry,
		summary: "Correct an entry: an organizer until vetting closes, its author until nominations close. Opinions are taken back",
	},
		func(ctx context.Context, in *aboutEntry[gateway.CorrectEntry]) (nomination.Entry, error) {
			e, err := a.app.CorrectEntry(ctx, nomination.CorrectEntry{
				Slug: in.Slug, Entry: in.Entry, Version: in.Body.Version, Nominee: nominee(in.Body.NominationForm), Reason: in.Body.Reason, Key: in.Body.Key,
			})
			return e, called(err, "nominee.", "")
		})
	serve(a, route{act: app.ReadEntries, at: "GET " + entry + "/versions", summary: "What an entry says and has said, and the opinions on each version"},
		func(ctx context.Context, in *InEntry) ([]nomination.Version, error) {
			return a.app.Versions(ctx, nomination.OfEntry{Slug: in.Slug, Entry: in.Entry})
		})
	serve(a, route{act: app.RestoreEntry, at: "POST " + entry + "/restore", summary: "Have a withdrawn entry wait for vetting again"},
		func(ctx context.Context, in *InEntry) (nomination.Entry, error) {
			return a.app.RestoreEntry(ctx, nomination.OfEntry{Slug: in.Slug, Entry: in.Entry})
		})
	serve(a, route{
		act: app.SetPhoto, at: "PUT " + entry + "/photo", summary: "Give an entry its photo: JPEG, PNG or WebP", body: app.MaxPhoto,
	},
		func(ctx context.Context, in *photoInput) (nomination.Entry, error) {
			file, err := in.file()
			if err != nil {
				return nomination.Entry{}, err
			}
			e, err := a.app.SetPhoto(ctx, in.Slug, in.Entry, file)
			return e, called(err, "blob", "body")
		})
	serve(a, route{act: app.GiveOpinion, at: "POST " + entry + "/opinions", summary: "A department's opinion on an entry"},
		func(ctx context.Context, in *aboutEntry[gateway.GiveOpinion]) (nomination.Entry, error) {
			return a.app.GiveOpinion(ctx, nomination.GiveOpinion{
				Slug: in.Slug, Entry: in.Entry, Department: in.Body.Department, Verdict: in.Body.Verdict, Reason: in.Body.Reason,
			})
		})
	serve(a, route{act: app.WithdrawEntry, at: "POST " + entry + "/withdraw", summary: "Take an entry back before it is a candidate"},
		func(ctx context.Context, in *aboutEntry[gateway.Reason]) (nomination.Entry, error) {
			return a.app.WithdrawEntry(ctx, nomination.WithdrawEntry{Slug: in.Slug, Entry: in.Entry, Reason: in.Body.Reason})
		})
	serve(a, route{act: app.ReadVetting, at: "GET /selections/{slug}/vetting", summary: "How far vetting is"},
		func(ctx context.Context, in *InSelection) (nomination.Progress, error) {
			return a.app.Vetting(ctx, in.Slug)
		})
	serve(a, route{act: app.CheckSeats, at: "GET /selections/{slug}/vetting/seats", summary: "Whether the awards can be filled with the candidates there are"},
		func(ctx context.Context, in *InSelection) (nomination.Seats, error) {
			return a.app.Seats(ctx, in.Slug)
		})
}
