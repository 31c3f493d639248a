package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

type assignInput struct {
	InPanel
	Body struct {
		Juror      string `json:"juror" maxLength:"254" doc:"Email"`
		Candidates []int  `json:"candidates" maxItems:"10000" doc:"All that the juror is to score"`
	}
}

// Newcomer is who gets a new seat.
type Newcomer struct {
	Email    string `json:"email" maxLength:"254"`
	Employer string `json:"employer,omitempty" maxLength:"200" doc:"Finds conflicts"`
	Category string `json:"category,omitempty" maxLength:"64" doc:"Where the rulebook assigns by category; the leaver's where absent"`
}

type departInput struct {
	InPanel
	Body struct {
		Juror     string    `json:"juror" maxLength:"254" doc:"Email"`
		Sheets    string    `json:"sheets" enum:"keep,withdraw" doc:"What becomes of the submitted ones"`
		Successor *Newcomer `json:"successor,omitempty" doc:"Takes over what is left to score"`
		Reason    string    `json:"reason" maxLength:"1000"`
	}
}

type furtherInput struct {
	InPanel
	Body struct {
		Candidate int      `json:"candidate"`
		Juror     Newcomer `json:"juror" doc:"On the panel, or new to it"`
		Reason    string   `json:"reason" maxLength:"1000"`
	}
}

// OfSheet is the signed-in juror's sheet of a candidate in a path.
type OfSheet struct {
	InPanel
	Candidate string `path:"candidate" minLength:"1" maxLength:"16" doc:"As the panel calls it: the public number, or a blind panel's code"`
}

// OfCandidate is a candidate on a panel in a path.
type OfCandidate struct {
	InPanel
	Candidate int `path:"candidate" minimum:"1" maximum:"1000000" doc:"The public number"`
}

type sendBackInput struct {
	OfCandidate
	Body struct {
		Juror  string `json:"juror" maxLength:"254" doc:"Email"`
		Reason string `json:"reason" maxLength:"1000" doc:"The juror reads it"`
	}
}

type declareInput struct {
	InPanel
	Body struct {
		Candidate string `json:"candidate" maxLength:"16" doc:"As the panel calls it, or the public number"`
		Reason    string `json:"reason" maxLength:"1000"`
	}
}

type pinInput struct {
	InPanel
	Body struct {
		Juror      string `json:"juror" maxLength:"254" doc:"Email"`
		Candidate  int    `json:"candidate"`
		Conflicted bool   `json:"conflicted" doc:"Overrules what was declared or found"`
		Reason     string `json:"reason" maxLength:"1000"`
	}
}

type lotInput struct {
	InSelection
	Body struct {
		Value  string `json:"value" maxLength:"200" doc:"As read where the rulebook says"`
		Reason string `json:"reason" maxLength:"1000" doc:"Where and when it was read"`
	}
}

// juror finds a seated person by email.
func (a *API) juror(ctx context.Context, email string) (string, error) {
	account, err := a.person(ctx, "juror", email)
	return account.ID, err
}

// newcomer finds who gets a new seat; field names them in a fault.
func (a *API) newcomer(ctx context.Context, field string, in Newcomer) (review.Person, error) {
	account, err := a.person(ctx, field+".email", in.Email)
	return review.Person{ID: account.ID, Name: account.Name, Employer: in.Employer, Category: in.Category}, err
}

// person finds an account by email; field names it in a fault.
func (a *API) person(ctx context.Context, field, email string) (identity.Account, error) {
	account, err := a.identity.FindAccount(ctx, identity.Lookup{Email: email})
	if errors.Is(err, identity.ErrNoAccount) {
		err = review.ErrInvalid.At(fault.Field{Name: field, Message: identity.ErrNoAccount.Message})
	}
	return account, err
}

func (a *API) committeeRoutes() {
	const panel = "/selections/{slug}/panels/{panel}"
	register(a, route{method: http.MethodPut, path: panel + "/assignments", summary: "Say which candidates a juror scores, where the rulebook leaves it to you", staff: true},
		func(ctx context.Context, in *assignInput) (*body[review.Panel], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			juror, err := a.juror(ctx, in.Body.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.AssignByHand(ctx, review.AssignByHand{Slug: in.Slug, Panel: in.Panel, Juror: juror, Candidates: in.Body.Candidates}))
		})
	register(a, route{method: http.MethodPost, path: panel + "/departures", summary: "Take a juror off a panel, with or without a successor", staff: true}, a.depart)
	register(a, route{method: http.MethodPost, path: panel + "/further", summary: "Have a further juror score a candidate whose spread is past the limit, or who is short of jurors", staff: true}, a.callFurther)
	register(a, route{method: http.MethodGet, path: panel + "/oversight", summary: "How the jurors of a panel agree", staff: true},
		func(ctx context.Context, in *InPanel) (*body[review.Oversight], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.GetOversight(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel}))
		})
	register(a, route{method: http.MethodGet, path: panel + "/sheets/{candidate}/peers", summary: "Others' scores, after yours, where the rulebook allows", staff: true},
		func(ctx context.Context, in *OfSheet) (*body[[]review.Peer], error) {
			ctx, err := a.mayIn(ctx, in.Slug, in.Panel, identity.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.ListPeers(ctx, review.OfSheet{Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate}))
		})
	register(a, route{method: http.MethodGet, path: panel + "/sheets/{candidate}/history", summary: "Every revision of your sheet, the first one first", staff: true},
		func(ctx context.Context, in *OfSheet) (*body[[]review.Sheet], error) {
			ctx, err := a.mayIn(ctx, in.Slug, in.Panel, identity.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.ListRevisions(ctx, review.OfSheet{Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate}))
		})
	register(a, route{method: http.MethodGet, path: panel + "/history/{candidate}", summary: "Every submitted revision of a candidate's sheets, by seat", staff: true},
		func(ctx context.Context, in *OfCandidate) (*body[[]review.Revision], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.GetHistory(ctx, review.OfCandidate{Slug: in.Slug, Panel: in.Panel, Candidate: in.Candidate}))
		})
	register(a, route{method: http.MethodPost, path: panel + "/sheets/{candidate}/return", summary: "Send a submitted sheet back for a second look", staff: true},
		func(ctx context.Context, in *sendBackInput) (*body[review.Panel], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			juror, err := a.juror(ctx, in.Body.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.SendBack(ctx, review.SendBack{Slug: in.Slug, Panel: in.Panel, Juror: juror, Candidate: in.Candidate, Reason: in.Body.Reason}))
		})
	a.conflictRoutes(panel + "/conflicts")
	a.lotRoutes("/selections/{slug}/lot")
}

func (a *API) depart(ctx context.Context, in *departInput) (*body[review.Panel], error) {
	ctx, err := a.may(ctx, in.Slug, identity.Organizer)
	if err != nil {
		return nil, err
	}
	unseat := review.UnseatJuror{Slug: in.Slug, Panel: in.Panel, Sheets: in.Body.Sheets, Reason: in.Body.Reason}
	if unseat.Juror, err = a.juror(ctx, in.Body.Juror); err != nil {
		return nil, err
	}
	grant := identity.Grant{Slug: in.Slug, Role: identity.Juror, Scope: in.Panel}
	var appointed []string
	if in.Body.Successor != nil {
		successor, err := a.newcomer(ctx, "successor", *in.Body.Successor)
		if err != nil {
			return nil, err
		}
		unseat.Successor, appointed = &successor, []string{in.Body.Successor.Email}
	}
	left, err := a.review.UnseatJuror(ctx, unseat)
	if err != nil {
		return nil, err
	}
	if _, err := a.identity.RevokeRole(ctx, identity.Change{Email: in.Body.Juror, Grant: grant}); err != nil {
		return nil, err
	}
	return answer(left, a.appoint(ctx, appointed, grant))
}

func (a *API) callFurther(ctx context.Context, in *furtherInput) (*body[review.Panel], error) {
	ctx, err := a.may(ctx, in.Slug, identity.Organizer)
	if err != nil {
		return nil, err
	}
	juror, err := a.newcomer(ctx, "juror", in.Body.Juror)
	if err != nil {
		return nil, err
	}
	called, err := a.review.CallFurther(ctx, review.CallFurther{
		Slug: in.Slug, Panel: in.Panel, Candidate: in.Body.Candidate, Juror: juror, Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	return answer(called, a.appoint(ctx, []string{in.Body.Juror.Email}, identity.Grant{Slug: in.Slug, Role: identity.Juror, Scope: in.Panel}))
}

func (a *API) conflictRoutes(path string) {
	register(a, route{method: http.MethodGet, path: path, summary: "Conflicts declared, stated and found, and what was said of them", staff: true},
		func(ctx context.Context, in *InPanel) (*body[[]review.Conflict], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.ListConflicts(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel}))
		})
	register(a, route{method: http.MethodPost, path: path, summary: "Declare that you must not score a candidate", status: http.StatusCreated, staff: true},
		func(ctx context.Context, in *declareInput) (*body[review.Declared], error) {
			ctx, err := a.mayIn(ctx, in.Slug, in.Panel, identity.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.DeclareConflict(ctx, review.DeclareConflict{Slug: in.Slug, Panel: in.Panel, Candidate: in.Body.Candidate, Reason: in.Body.Reason}))
		})
	register(a, route{method: http.MethodPut, path: path, summary: "Say whether a juror may score a candidate", staff: true},
		func(ctx context.Context, in *pinInput) (*body[review.Conflict], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			juror, err := a.juror(ctx, in.Body.Juror)
			if err != nil {
				return nil, err
			}
			return answer(a.review.PinConflict(ctx, review.PinConflict{
				Slug: in.Slug, Panel: in.Panel, Juror: juror, Candidate: in.Body.Candidate, Conflicted: in.Body.Conflicted, Reason: in.Body.Reason,
			}))
		})
}

func (a *API) lotRoutes(path string) {
	register(a, route{method: http.MethodPut, path: path, summary: "Record the value that lots are drawn from, read after the vote", staff: true},
		func(ctx context.Context, in *lotInput) (*body[review.Lot], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer)
			if err != nil {
				return nil, err
			}
			return answer(a.review.RecordLot(ctx, review.RecordLot{Slug: in.Slug, Value: in.Body.Value, Reason: in.Body.Reason}))
		})
	register(a, route{method: http.MethodGet, path: path, summary: "The value that lots are drawn from", staff: true},
		func(ctx context.Context, in *InSelection) (*body[review.Lot], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Committee, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.review.GetLot(ctx, review.Of{Slug: in.Slug}))
		})
}
