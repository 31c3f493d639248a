package app

import (
	"bytes"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
)

// The limits of files in bytes.
const (
	MaxPhoto  = 10 << 20
	MaxImport = 20 << 20
)

// importTime is how long the check of a whole file, pictures included, may take.
const importTime = 60 * time.Second

// SubmitEntry takes a nomination from an organizer, or from the public at a
// public's rate: nomination.Service.SubmitEntry.
func (a *App) SubmitEntry(ctx context.Context, in nomination.SubmitEntry) (nomination.Entry, error) {
	ctx, err := a.may(ctx, SubmitEntry, in.Slug, "")
	if err != nil {
		return nomination.Entry{}, err
	}
	return fromPublic(ctx, a, in.Slug, a.nomination.SubmitEntry, in)
}

// fromPublic has an entry written in the name of staff, or of the public at a
// public's rate.
func fromPublic[In any](
	ctx context.Context, a *App, slug string, write func(context.Context, In) (nomination.Entry, error), in In,
) (nomination.Entry, error) {
	staff := actor.From(ctx).Kind == actor.Staff
	if !staff {
		if err := a.entries.Take(CallerOf(ctx).Address); err != nil {
			return nomination.Entry{}, err
		}
	}
	if err := a.known(ctx, slug); err != nil {
		return nomination.Entry{}, err
	}
	e, err := write(ctx, in)
	if !staff { // warnings say who else has been nominated
		e.Warnings, e.Opinions, e.Notes = nil, []nomination.Opinion{}, nil
	}
	return e, err
}

// CorrectEntry puts an entry right, in the name of an organizer, or of whoever
// handed it in and has its key: nomination.Service.CorrectEntry.
func (a *App) CorrectEntry(ctx context.Context, in nomination.CorrectEntry) (nomination.Entry, error) {
	ctx, err := a.may(ctx, CorrectEntry, in.Slug, "")
	if err != nil {
		return nomination.Entry{}, err
	}
	return fromPublic(ctx, a, in.Slug, a.nomination.CorrectEntry, in)
}

// Versions gives what an entry says and has said, the latest first.
func (a *App) Versions(ctx context.Context, in nomination.OfEntry) ([]nomination.Version, error) {
	return do(ctx, a, ReadEntries, in.Slug, a.nomination.ListVersions, in)
}

// ImportEntries takes entries from a CSV or XLSX, all or nothing:
// nomination.Service.ImportEntries.
func (a *App) ImportEntries(ctx context.Context, in nomination.ImportEntries, file []byte) (nomination.Imported, error) {
	ctx, err := a.may(ctx, ImportEntries, in.Slug, "")
	if err != nil {
		return nomination.Imported{}, err
	}
	if err := a.known(ctx, in.Slug); err != nil {
		return nomination.Imported{}, err
	}
	name, drop, err := a.upload(ctx, file, MaxImport)
	if err != nil {
		return nomination.Imported{}, err
	}
	defer drop()
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	in.Blob = name
	return a.nomination.ImportEntries(ctx, in)
}

// Entries gives a page of entries: nomination.Service.ListEntries.
func (a *App) Entries(ctx context.Context, in nomination.ListEntries) ([]nomination.Entry, error) {
	entries, err := do(ctx, a, ReadEntries, in.Slug, a.nomination.ListEntries, in)
	if err == nil && !a.readsNotes(ctx, in.Slug) {
		for i := range entries {
			entries[i].Notes = nil
		}
	}
	return entries, err
}

// Entry gives one with its opinions.
func (a *App) Entry(ctx context.Context, in nomination.OfEntry) (nomination.Entry, error) {
	e, err := do(ctx, a, ReadEntries, in.Slug, a.nomination.GetEntry, in)
	return a.withNotes(ctx, e), err
}

// readsNotes tells whether a caller may read the private notes of entries: who may
// import them.
func (a *App) readsNotes(ctx context.Context, slug string) bool {
	_, err := a.may(ctx, ImportEntries, slug, "")
	return err == nil
}

// withNotes is an entry without its notes, unless the caller may read them.
func (a *App) withNotes(ctx context.Context, e nomination.Entry) nomination.Entry {
	if len(e.Notes) > 0 && !a.readsNotes(ctx, e.Slug) {
		e.Notes = nil
	}
	return e
}

// SetPhoto gives an entry its photo: nomination.Service.SetPhoto.
func (a *App) SetPhoto(ctx context.Context, slug, entry string, picture []byte) (nomination.Entry, error) {
	ctx, err := a.may(ctx, SetPhoto, slug, "")
	if err != nil {
		return nomination.Entry{}, err
	}
	name, drop, err := a.upload(ctx, picture, MaxPhoto)
	if err != nil {
		return nomination.Entry{}, err
	}
	defer drop()
	return a.nomination.SetPhoto(ctx, nomination.SetPhoto{Slug: slug, Entry: entry, Blob: name})
}

// GiveOpinion is a department's word on an entry.
func (a *App) GiveOpinion(ctx context.Context, in nomination.GiveOpinion) (nomination.Entry, error) {
	e, err := doIn(ctx, a, GiveOpinion, in.Slug, in.Department, a.nomination.GiveOpinion, in)
	return a.withNotes(ctx, e), err
}

// Docket gives a page of a department's list.
func (a *App) Docket(ctx context.Context, in nomination.ListVetting) (nomination.VettingList, error) {
	return doIn(ctx, a, ReadDocket, in.Slug, in.Department, a.nomination.ListVetting, in)
}

// DocketEntry gives an entry and its neighbours in a department's list.
func (a *App) DocketEntry(ctx context.Context, in nomination.GetVetting) (nomination.VettingStep, error) {
	step, err := doIn(ctx, a, ReadDocket, in.Slug, in.Department, a.nomination.GetVetting, in)
	step.Entry = a.withNotes(ctx, step.Entry)
	return step, err
}

// GiveOpinions is a department's word on many entries.
func (a *App) GiveOpinions(ctx context.Context, in nomination.GiveOpinions) (nomination.Vetted, error) {
	return doIn(ctx, a, GiveOpinion, in.Slug, in.Department, a.nomination.GiveOpinions, in)
}

// WithdrawOpinions takes a department's word on entries back.
func (a *App) WithdrawOpinions(ctx context.Context, in nomination.WithdrawOpinions) (nomination.Vetted, error) {
	return doIn(ctx, a, WithdrawOpinion, in.Slug, in.Department, a.nomination.WithdrawOpinions, in)
}

// WithdrawEntry takes an entry back before it is a candidate.
func (a *App) WithdrawEntry(ctx context.Context, in nomination.WithdrawEntry) (nomination.Entry, error) {
	return do(ctx, a, WithdrawEntry, in.Slug, a.nomination.WithdrawEntry, in)
}

// RestoreEntry has an entry that was taken back wait for vetting again.
func (a *App) RestoreEntry(ctx context.Context, in nomination.OfEntry) (nomination.Entry, error) {
	return do(ctx, a, RestoreEntry, in.Slug, a.nomination.RestoreEntry, in)
}

// Vetting tells how far vetting is.
func (a *App) Vetting(ctx context.Context, slug string) (nomination.Progress, error) {
	return do(ctx, a, ReadVetting, slug, a.nomination.GetProgress, nomination.Of{Slug: slug})
}

// Seats tells whether the awards can be filled.
func (a *App) Seats(ctx context.Context, slug string) (nomination.Seats, error) {
	return do(ctx, a, CheckSeats, slug, a.nomination.CheckSeats, nomination.Of{Slug: slug})
}

// StrikeCandidate takes a candidate off the list.
func (a *App) StrikeCandidate(ctx context.Context, in nomination.StrikeCandidate) (nomination.Candidate, error) {
	defer a.dropCandidates(in.Slug)
	return do(ctx, a, StrikeCandidate, in.Slug, a.nomination.StrikeCandidate, in)
}

// upload puts a file where a service takes it from, under a name of its own.
// Nobody needs it once the service has answered, whatever the answer: drop must be
// called then. Photos carry where they were taken, and rosters names. Fault:
// blob.TooLargeError.
func (a *App) upload(ctx context.Context, data []byte, limit int64) (name string, drop func(), err error) {
	ref, err := a.blobs.In(blob.Uploads).Deposit(ctx, bytes.NewReader(data), limit)
	return ref.Hash, func() { a.dropUpload(ctx, ref.Hash) }, err
}

// dropUpload removes a body that has been taken. What cannot be removed now is
// swept later.
func (a *App) dropUpload(ctx context.Context, name string) {
	if err := a.blobs.In(blob.Uploads).Delete(context.WithoutCancel(ctx), name); err != nil {
		a.cfg.Log.WarnContext(ctx, "an upload is removed later", "error", err)
	}
}

// AttributeField is what a form calls an attribute of the rulebook.
func AttributeField(id string) string { return "attributes." + id }

// NomineeOf is a nomination form as it was typed. Years that are no number are a
// mistake.
func NomineeOf(rules *rulebook.Rulebook, typed url.Values) (n nomination.Nominee, err error) {
	n = nomination.Nominee{
		Name: typed.Get("name"), Gender: typed.Get("gender"), Category: typed.Get("category"), Employer: typed.Get("employer"), Region: typed.Get("region"),
		Deeds: typed.Get("deeds"), RecommendedBy: typed.Get("recommended_by"), Attributes: map[string]string{},
	}
	for _, id := range rules.Attributes {
		n.Attributes[id] = typed.Get(AttributeField(id))
	}
	if text := strings.TrimSpace(typed.Get("years")); text != "" {
		years, err := strconv.Atoi(text)
		if err != nil {
			return n, nomination.Invalid(fault.Wrong("years", "not_a_whole_number", "is a whole number from {min} to {max}, not {value}",
				"min", 0, "max", 80, "value", strconv.Quote(text)))
		}
		n.Years = &years
	}
	return n, nil
}
