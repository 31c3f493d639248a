package app

import (
	"context"
	"slices"

	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
)

// Seat is where a member of staff sits: at the desks of a selection, or of none.
type Seat struct {
	Account   identity.Account    // none of a page that strangers see
	Selection selection.Selection // zero: of none

	rules map[Act]Rule
}

// Can tells whether whoever sits there may do an act, in some department or
// panel where it is one of its members. It is for what a page offers: the act
// itself is decided when it is done.
func (s Seat) Can(act Act) bool {
	rule := s.rules[act]
	switch rule.Who {
	case Anybody, SignedIn, Holders:
		return true
	}
	_, ok := rule.allows(s.Account, s.Selection.Slug, "")
	return ok
}

// Within tells whether whoever sits there may do an act in a department or panel.
func (s Seat) Within(act Act, scope string) bool {
	_, ok := s.rules[act].allows(s.Account, s.Selection.Slug, scope)
	return ok
}

// Seat gives the caller's, if they may do an act there. An empty slug is of no
// selection. Faults: session_missing, identity.ErrSession, selection.ErrUnknown,
// role_missing, second_factor_missing.
func (a *App) Seat(ctx context.Context, act Act, slug string) (Seat, error) {
	ctx, err := a.may(ctx, ReadAccount, "", "")
	if err != nil {
		return Seat{}, err
	}
	seat := Seat{Account: accountOf(ctx), rules: a.rules}
	if seat.Account.NeedsFactor && !a.rules[act].First {
		return Seat{}, ErrFactorMissing
	}
	if slug != "" {
		if seat.Selection, err = a.selections.Get(ctx, slug); err != nil {
			return Seat{}, err
		}
	}
	if !seat.Can(act) {
		return Seat{}, errForbidden
	}
	return seat, nil
}

// Own is a selection in which the caller has roles.
type Own struct {
	Selection selection.Selection
	Roles     []identity.Role // in the order of identity.Roles
}

// Own gives the selections in which the caller has a role, newest first.
func (a *App) Own(ctx context.Context) ([]Own, error) {
	ctx, err := a.may(ctx, ReadAccount, "", "")
	if err != nil {
		return nil, err
	}
	all, err := a.selection.ListSelections(ctx, struct{}{})
	if err != nil {
		return nil, err
	}
	account := accountOf(ctx)
	var own []Own
	for _, s := range all {
		roles := slices.DeleteFunc(identity.Roles(), func(r identity.Role) bool { return !account.May(s.Slug, r, "") })
		if len(roles) > 0 {
			own = append(own, Own{s, roles})
		}
	}
	return own, nil
}
