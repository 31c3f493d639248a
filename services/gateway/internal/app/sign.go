package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

// Signing gives what hosts sign.
func (a *App) Signing(ctx context.Context, slug string) (review.Signing, error) {
	return do(ctx, a, ReadSigning, slug, a.review.GetSigning, review.Of{Slug: slug})
}

// AskFresh tells what the caller is to show before they sign.
func (a *App) AskFresh(ctx context.Context, slug string) (identity.Fresh, error) {
	return do(ctx, a, ReadSigning, slug, a.identity.AskFresh, identity.Token{Token: CallerOf(ctx).Token})
}

// SignDecision signs for a host, by whoever proves at this moment who they are.
func (a *App) SignDecision(ctx context.Context, slug string, in gateway.SignDecision) (out review.Signing, err error) {
	if ctx, err = a.may(ctx, SignDecision, slug, in.Host); err != nil {
		return out, err
	}
	if _, err := patient(a.identity.ShowFresh)(ctx, identity.ShowFresh{
		Present: presentOf(ctx, in.Present), Code: in.Code, Recovery: in.Recovery, Ceremony: in.Ceremony, Passkey: in.Passkey,
	}); err != nil {
		return out, err
	}
	return a.review.SignDecision(ctx, review.SignDecision{Slug: slug, Host: in.Host, Hash: in.ResultHash, Signer: in.Signer})
}

// RefuseDecision returns for a host what was approved to the committee.
func (a *App) RefuseDecision(ctx context.Context, slug string, in gateway.RefuseDecision) (review.Signing, error) {
	return doIn(ctx, a, SignDecision, slug, in.Host, a.review.RefuseDecision,
		review.RefuseDecision{Slug: slug, Host: in.Host, Hash: in.ResultHash, Reason: in.Reason})
}
