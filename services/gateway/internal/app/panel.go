package app

import (
	"context"
	"slices"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// SeatPanel says who is on a panel, whole: review.Service.SeatPanel. A fault
// names each email that nobody has.
func (a *App) SeatPanel(ctx context.Context, of review.OfPanel, in gateway.SeatPanel) (review.Panel, error) {
	ctx, err := a.may(ctx, SeatPanel, of.Slug, "")
	if err != nil {
		return review.Panel{}, err
	}
	jurors, err := a.people(ctx, of.Slug, "jurors", in.Jurors)
	if err != nil {
		return review.Panel{}, err
	}
	for i, email := range in.Jurors {
		jurors[i].Employer, jurors[i].Category = in.Employers[email], in.Categories[email]
	}
	panel, err := a.review.SeatPanel(ctx, review.SeatPanel{Slug: of.Slug, Panel: of.Panel, Jurors: jurors})
	return a.seated(ctx, of, panel, err, jurors...)
}

// seated answers what seats jurors, once identity has heard of it and given them
// their role, so that they can begin when the organizer is told. A seat counts
// all the same if that takes longer than is waited for. (Nobody waits for the
// role of a juror who leaves to go: review refuses them from then on.)
func (a *App) seated(ctx context.Context, of review.OfPanel, panel review.Panel, err error, jurors ...review.Person) (review.Panel, error) {
	if err != nil || len(jurors) == 0 {
		return panel, err
	}
	seat := identity.Grant{Slug: of.Slug, Role: identity.Juror, Scope: of.Panel}
	a.wait(ctx, func() bool {
		staff, err := a.identity.ListStaff(ctx, identity.ListStaff{Slug: of.Slug})
		if err != nil {
			return false
		}
		may := map[string]bool{} // by account; it may be still to be claimed
		for _, account := range staff {
			may[account.ID] = slices.Contains(append(account.Grants, account.Pending...), seat)
		}
		return !slices.ContainsFunc(jurors, func(j review.Person) bool { return !may[j.ID] })
	})
	return panel, nil
}

// Panel tells how far a panel is.
func (a *App) Panel(ctx context.Context, of review.OfPanel) (review.Panel, error) {
	return do(ctx, a, ReadPanel, of.Slug, a.review.GetPanel, of)
}

// AssignByHand says which candidates a juror scores, whole.
func (a *App) AssignByHand(ctx context.Context, of review.OfPanel, in gateway.AssignByHand) (review.Panel, error) {
	ctx, err := a.may(ctx, AssignByHand, of.Slug, "")
	if err != nil {
		return review.Panel{}, err
	}
	juror, err := a.person(ctx, of.Slug, "juror", in.Juror)
	if err != nil {
		return review.Panel{}, err
	}
	return a.review.AssignByHand(ctx, review.AssignByHand{Slug: of.Slug, Panel: of.Panel, Juror: juror.ID, Candidates: in.Candidates})
}

// UnseatJuror takes a juror off a panel, with or without a successor.
func (a *App) UnseatJuror(ctx context.Context, of review.OfPanel, in gateway.UnseatJuror) (review.Panel, error) {
	ctx, err := a.may(ctx, UnseatJuror, of.Slug, "")
	if err != nil {
		return review.Panel{}, err
	}
	juror, err := a.person(ctx, of.Slug, "juror", in.Juror)
	if err != nil {
		return review.Panel{}, err
	}
	leave := review.UnseatJuror{Slug: of.Slug, Panel: of.Panel, Juror: juror.ID, Sheets: string(in.Sheets), Reason: in.Reason}
	var seated []review.Person
	if in.Successor != nil {
		successor, err := a.newcomer(ctx, of.Slug, "successor", *in.Successor)
		if err != nil {
			return review.Panel{}, err
		}
		leave.Successor, seated = &successor, []review.Person{successor}
	}
	panel, err := a.review.UnseatJuror(ctx, leave)
	return a.seated(ctx, of, panel, err, seated...)
}

// CallFurther has a further juror score a candidate.
func (a *App) CallFurther(ctx context.Context, of review.OfPanel, in gateway.CallFurther) (review.Panel, error) {
	ctx, err := a.may(ctx, CallFurther, of.Slug, "")
	if err != nil {
		return review.Panel{}, err
	}
	juror, err := a.newcomer(ctx, of.Slug, "juror", in.Juror)
	if err != nil {
		return review.Panel{}, err
	}
	panel, err := a.review.CallFurther(ctx, review.CallFurther{
		Slug: of.Slug, Panel: of.Panel, Candidate: in.Candidate, Juror: juror, Reason: in.Reason,
	})
	return a.seated(ctx, of, panel, err, juror)
}

// SendBack asks a juror for a second look at a submitted sheet.
func (a *App) SendBack(ctx context.Context, of review.OfCandidate, in gateway.SendBack) (review.Panel, error) {
	ctx, err := a.may(ctx, SendBack, of.Slug, "")
	if err != nil {
		return review.Panel{}, err
	}
	juror, err := a.person(ctx, of.Slug, "juror", in.Juror)
	if err != nil {
		return review.Panel{}, err
	}
	return a.review.SendBack(ctx, review.SendBack{Slug: of.Slug, Panel: of.Panel, Juror: juror.ID, Candidate: of.Candidate, Reason: in.Reason})
}

// Sheets gives what the acting juror is to score, with their sheets.
func (a *App) Sheets(ctx context.Context, of review.OfPanel) ([]review.Assignment, error) {
	return doIn(ctx, a, ReadSheets, of.Slug, of.Panel, a.review.ListAssignments, of)
}

// OwnSheets gives what the acting juror is to score in short, and one whole.
func (a *App) OwnSheets(ctx context.Context, of review.OfSheet) (review.OwnSheets, error) {
	return doIn(ctx, a, ReadSheets, of.Slug, of.Panel, a.review.GetSheets, of)
}

// SubmitSheets submits the acting juror's drafts.
func (a *App) SubmitSheets(ctx context.Context, in review.SubmitSheets) (review.OwnSheets, error) {
	return doIn(ctx, a, SaveSheet, in.Slug, in.Panel, a.review.SubmitSheets, in)
}

// SaveSheet saves or submits the acting juror's sheet of a candidate.
func (a *App) SaveSheet(ctx context.Context, in review.SaveSheet) (review.Sheet, error) {
	return doIn(ctx, a, SaveSheet, in.Slug, in.Panel, a.review.SaveSheet, in)
}

// Peers gives the others' scores of a candidate that the acting juror has
// scored.
func (a *App) Peers(ctx context.Context, of review.OfSheet) ([]review.Peer, error) {
	return doIn(ctx, a, ReadPeers, of.Slug, of.Panel, a.review.ListPeers, of)
}

// Revisions gives every revision of the acting juror's sheet.
func (a *App) Revisions(ctx context.Context, of review.OfSheet) ([]review.Sheet, error) {
	return doIn(ctx, a, ReadSheets, of.Slug, of.Panel, a.review.ListRevisions, of)
}
