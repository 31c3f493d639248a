package app

import (
	"context"
	"errors"
	"slices"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/selection"
)

// maxEvidence is what the files of an objection may have together, in bytes.
const maxEvidence = selection.MaxObjectionFiles * selection.MaxObjectionFile

var errNoEvidence = fault.New(fault.NotFound, "evidence_unknown", "there is no such file")

// ObjectionIntake takes the files of an objection that the public makes, at a
// public's rate: nothing is read of what cannot be taken now. Drop must be called.
// Faults: selection.ErrNoNotice, selection.ErrNoticeOver.
func (a *App) ObjectionIntake(ctx context.Context, slug string) (*Intake, error) {
	intake, err := a.NewIntake(ctx, FileObjection, slug, selection.MaxObjectionFiles, maxEvidence)
	if err != nil {
		return nil, err
	}
	n, err := a.Notice(ctx, slug)
	if err != nil {
		return nil, err
	}
	if closes := n.ClosesAt(); !closes.IsZero() && !a.cfg.Now().Before(closes) {
		return nil, selection.ErrNoticeOver
	}
	return intake, a.objections.Take(CallerOf(ctx).Address)
}

// FileObjection takes an objection of the public, with the files of ObjectionIntake:
// selection.Service.FileObjection.
func (a *App) FileObjection(ctx context.Context, in selection.FileObjection, files *Intake) (selection.Filed, error) {
	return a.file(ctx, FileObjection, in, files)
}

// EnterObjection takes one that came by letter, call or visit.
func (a *App) EnterObjection(ctx context.Context, in selection.FileObjection, files *Intake) (selection.Filed, error) {
	return a.file(ctx, EnterObjection, in, files)
}

func (a *App) file(ctx context.Context, act Act, in selection.FileObjection, files *Intake) (selection.Filed, error) {
	if files != nil {
		if files.Refused != nil {
			return selection.Filed{}, files.Refused
		}
		for _, f := range files.Files {
			in.Files = append(in.Files, selection.ObjectionUpload{Name: f.Name, Blob: f.Blob})
		}
	}
	defer a.notices.Drop(in.Slug)
	return do(ctx, a, act, in.Slug, a.selection.FileObjection, in)
}

// FollowObjection tells whoever has the code how far an objection is.
func (a *App) FollowObjection(ctx context.Context, in selection.FollowObjection) (selection.Followed, error) {
	return do(ctx, a, FollowObjection, in.Slug, a.selection.FollowObjection, in)
}

// Objections gives those that the caller handles.
func (a *App) Objections(ctx context.Context, slug string) ([]selection.Objection, error) {
	return do(ctx, a, HandleObjection, slug, a.selection.ListObjections, selection.Of{Slug: slug})
}

// Objection gives one.
func (a *App) Objection(ctx context.Context, in selection.OfObjection) (selection.Objection, error) {
	return do(ctx, a, HandleObjection, in.Slug, a.selection.GetObjection, in)
}

// Evidence opens a file of an objection, from 1, and tells what it is.
func (a *App) Evidence(ctx context.Context, in selection.OfObjection, number int) (selection.ObjectionFile, File, error) {
	o, err := a.Objection(ctx, in)
	if err != nil {
		return selection.ObjectionFile{}, File{}, err
	}
	if number < 1 || number > len(o.Files) {
		return selection.ObjectionFile{}, File{}, errNoEvidence
	}
	one := o.Files[number-1]
	file, err := a.open(ctx, selection.Name, one.Blob)
	if errors.Is(err, blob.ErrNotFound) {
		err = errNoEvidence.Because(err)
	}
	return one, file, err
}

// NoteObjection notes a hearing, or something else.
func (a *App) NoteObjection(ctx context.Context, in selection.NoteObjection) (selection.Objection, error) {
	return do(ctx, a, HandleObjection, in.Slug, a.selection.NoteObjection, in)
}

// Handlers are the accounts that may handle objections of a selection.
func (a *App) Handlers(ctx context.Context, slug string) (handlers []identity.Account, err error) {
	staff, err := do(ctx, a, HandleObjection, slug, a.identity.ListStaff, identity.ListStaff{Slug: slug})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(staff, func(one identity.Account) bool {
		_, may := a.rules[HandleObjection].allows(one, slug, "")
		return !may
	}), nil
}

// ExcludeHandler keeps an objection from one of staff, by email, for good. Faults:
// review.ErrInvalid with the field email, those of selection.Service.ExcludeHandler.
func (a *App) ExcludeHandler(ctx context.Context, of selection.OfObjection, email, reason string) (selection.Objection, error) {
	ctx, err := a.may(ctx, HandleObjection, of.Slug, "")
	if err != nil {
		return selection.Objection{}, err
	}
	who, err := a.person(ctx, of.Slug, "email", email)
	if err != nil {
		return selection.Objection{}, err
	}
	return a.selection.ExcludeHandler(ctx, selection.ExcludeHandler{Slug: of.Slug, Number: of.Number, Account: who.ID, Name: who.Name, Reason: reason})
}

// DecideObjection ends an objection. An upheld one strikes its candidate, with its
// reasons; where that did not come about, the same again does it.
func (a *App) DecideObjection(ctx context.Context, in selection.DecideObjection) (selection.Objection, error) {
	defer a.notices.Drop(in.Slug)
	ctx, err := a.may(ctx, HandleObjection, in.Slug, "")
	if err != nil {
		return selection.Objection{}, err
	}
	o, err := a.selection.DecideObjection(ctx, in)
	if err != nil || o.State != selection.ObjectionUpheld || o.Struck {
		return o, err
	}
	_, err = a.nomination.StrikeCandidate(ctx, nomination.StrikeCandidate{Slug: in.Slug, Number: o.Candidate, Reason: o.Reasons, Upheld: true})
	return o, err
}
