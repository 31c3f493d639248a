package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// RecordLot records the value that lots are drawn from.
func (a *App) RecordLot(ctx context.Context, in review.RecordLot) (review.Lot, error) {
	return do(ctx, a, RecordLot, in.Slug, a.review.RecordLot, in)
}

// Lot gives the value that lots are drawn from.
func (a *App) Lot(ctx context.Context, slug string) (review.Lot, error) {
	return do(ctx, a, ReadLot, slug, a.review.GetLot, review.Of{Slug: slug})
}

// SeatCommittee says who decides, whole. Its members get the role once review
// has seated them. Whoever is no member any more may keep it: without a seat
// review refuses them.
func (a *App) SeatCommittee(ctx context.Context, slug string, in gateway.SeatCommittee) (review.Decision, error) {
	ctx, err := a.may(ctx, SeatCommittee, slug, "")
	if err != nil {
		return review.Decision{}, err
	}
	members, err := a.people(ctx, slug, "members", in.Members)
	if err != nil {
		return review.Decision{}, err
	}
	seated, err := a.review.SeatCommittee(ctx, review.SeatCommittee{Slug: slug, Members: members})
	if err != nil {
		return review.Decision{}, err
	}
	return seated, a.appoint(ctx, in.Members, identity.Grant{Slug: slug, Role: identity.Committee})
}

// appoint gives each account a role, once the service has taken its holder: a
// refused list leaves no role behind, and a list sent again completes one that
// broke off.
func (a *App) appoint(ctx context.Context, emails []string, g identity.Grant) error {
	for _, email := range emails {
		if _, err := a.identity.GrantRole(ctx, identity.Change{Email: email, Grant: g}); err != nil {
			return err
		}
	}
	return nil
}

// PutMotion puts the computed result to the committee's vote.
func (a *App) PutMotion(ctx context.Context, in review.PutMotion) (review.Decision, error) {
	return do(ctx, a, PutMotion, in.Slug, a.review.PutMotion, in)
}

// VoteMotion is the acting member's vote.
func (a *App) VoteMotion(ctx context.Context, in review.VoteMotion) (review.Decision, error) {
	return do(ctx, a, VoteMotion, in.Slug, a.review.VoteMotion, in)
}

// RecuseMotion says that the acting member takes no part in a motion.
func (a *App) RecuseMotion(ctx context.Context, in review.RecuseMotion) (review.Decision, error) {
	return do(ctx, a, VoteMotion, in.Slug, a.review.RecuseMotion, in)
}

// CloseMotion counts the committee's votes.
func (a *App) CloseMotion(ctx context.Context, in review.CloseMotion) (review.Decision, error) {
	return do(ctx, a, CloseMotion, in.Slug, a.review.CloseMotion, in)
}

// Decision gives the committee's meeting.
func (a *App) Decision(ctx context.Context, slug string) (review.Decision, error) {
	return do(ctx, a, ReadDecision, slug, a.review.GetDecision, review.Of{Slug: slug})
}
