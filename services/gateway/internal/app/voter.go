package app

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/pack"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

var errNoCredential = fault.New(fault.Unauthorized, "credential_missing", "ask for a voter credential first: Authorization: Bearer CREDENTIAL")

// Prove issues a credential by the proof that its way takes. Faults: those of
// ProveVoter and ProveRoster; identity's ErrInvalid for another way.
func (a *App) Prove(ctx context.Context, slug string, in gateway.ProveVoter) (identity.Credential, error) {
	if in.Way == identity.WayRoster {
		return a.ProveRoster(ctx, slug, in.Code)
	}
	return a.prove(ctx, slug, in.Way, in.Work)
}

// ProveVoter issues a credential of the way "device". Faults: work.ErrWanted
// where work is empty, and those of a work that does not hold.
func (a *App) ProveVoter(ctx context.Context, slug, work string) (identity.Credential, error) {
	return a.prove(ctx, slug, identity.WayDevice, work)
}

func (a *App) prove(ctx context.Context, slug, way, work string) (identity.Credential, error) {
	ctx, err := a.may(ctx, ProveVoter, slug, "")
	if err != nil {
		return identity.Credential{}, err
	}
	in := identity.ProveVoter{Slug: slug, Way: way}
	if in.Until, err = a.taken(ctx, slug, way); err != nil {
		return identity.Credential{}, err
	}
	if in.Work, err = a.credentials.Pass(CallerOf(ctx).Address, slug, work); err != nil {
		return identity.Credential{}, err
	}
	return a.identity.ProveVoter(ctx, in)
}

// clocksDiffer is how far clocks may be apart: credentials are checked by the
// gateway's, and none may end before the vote. Whether a ballot is in time is
// judged by the database's.
const clocksDiffer = 2 * time.Hour

// taken tells whether voters of a way are taken now, and until when, if that is
// known. Who comes with a browser alone is a voter while the vote is open. A
// code may be tried before: who gets it at home hears at once that it is good.
// Faults: voting's ErrWay, ErrNotOpen, ErrClosed; ErrNotYet while it opens.
func (a *App) taken(ctx context.Context, slug, way string) (until *time.Time, err error) {
	s, err := a.selections.Get(ctx, slug)
	if err == nil && way == identity.WayDevice && s.Phase(rulebook.PhaseVoting).State == selection.Pending {
		a.selections.Drop(slug) // another gateway may have opened it at this moment
		s, err = a.selections.Get(ctx, slug)
	}
	if err != nil {
		return nil, err
	}
	rules, err := a.RulebookOf(s)
	if err != nil {
		return nil, err
	}
	vote := s.Phase(rulebook.PhaseVoting)
	switch {
	case slices.Contains(identity.Ways(), way) && !rules.Voting.Admits(way):
		return nil, voting.ErrWay
	case over(s):
		return nil, voting.ErrClosed
	case way == identity.WayDevice && vote.State == selection.Pending:
		return nil, voting.ErrNotOpen
	case way == identity.WayDevice && vote.State == selection.Opening:
		return nil, voting.ErrNotYet
	case vote.State == selection.Opened && vote.ClosesAt != nil:
		end := vote.ClosesAt.Add(clocksDiffer)
		return &end, nil
	}
	return nil, nil
}

// ProveRoster issues a credential to who has a code. Faults: identity's
// ErrCodeMistyped and ErrCode; those of taken; too_many_codes.
func (a *App) ProveRoster(ctx context.Context, slug, code string) (identity.Credential, error) {
	ctx, err := a.may(ctx, ProveVoter, slug, "")
	if err != nil {
		return identity.Credential{}, err
	}
	in := identity.ProveVoter{Slug: slug, Way: identity.WayRoster, Code: code}
	if in.Until, err = a.taken(ctx, slug, in.Way); err != nil {
		return identity.Credential{}, err
	}
	end, err := a.codes.begin(slug, CallerOf(ctx).Address)
	if err != nil {
		return identity.Credential{}, err
	}
	proved, err := a.identity.ProveVoter(ctx, in)
	end(errors.Is(err, identity.ErrCode))
	return proved, err
}

// Voter tells whom a credential names, without asking anybody:
// credential.Verifier.Verify.
func (a *App) Voter(text, slug string) (credential.Voter, error) {
	if text == "" {
		return credential.Voter{}, errNoCredential
	}
	return a.verifier.Verify(text, slug, a.cfg.Now())
}

// Busy gives voting's ErrBusy where no ballot can be taken now, so that whoever
// cannot be served hears so before any work is done for them.
func (a *App) Busy() error {
	if !a.packer.Full() {
		return nil
	}
	a.credentials.Refused()
	return pack.Busy()
}

// crowded is from how many ballots on, for each processor, that are being cast at a
// time, reading waits: a few dozen at most are under way where nothing is short.
const crowded = 16

// Crowded tells whether ballots need the processors that reading would take.
func (a *App) Crowded() bool { return a.casting.Load() >= int64(crowded*runtime.GOMAXPROCS(0)) }

// maxReceipt is the longest receipt in characters that is looked at.
const maxReceipt = 64

// errNoKey says what a client without a key gets, whose ballot may have been counted.
var errNoKey = fault.Wrong("Idempotency-Key", "key_missing",
	"was not sent: whether this ballot was counted is told by trying again, but not its receipt")

// Cast counts a ballot. Its key is as the client sent it, and goes no further
// than here; earlier is the receipt of another ballot of the period, or empty.
// Faults: those of voting.Service.CastBallots, too_many_requests.
func (a *App) Cast(voter credential.Voter, picks []int, key, earlier string) (voting.Outcome, error) {
	if err := a.ballots.Take(string(voter.ID[:])); err != nil { // no allocation: the text stays on the stack
		return voting.Outcome{}, err
	}
	if len(key) > voting.MaxKey {
		return voting.Outcome{}, voting.ErrInvalid.At(fault.TooLong("Idempotency-Key", voting.MaxKey))
	}
	a.casting.Add(1)
	defer a.casting.Add(-1)
	out, err := a.packer.Cast(voting.Cast{
		Slug: voter.Slug, Voter: voter.ID, Way: voter.Way, Generation: voter.Generation, Picks: picks, Key: voting.HashKey(key), Made: voting.KeyMade(key),
		Earlier: earlier[:min(len(earlier), maxReceipt)],
	})
	switch {
	case errors.Is(err, voting.ErrBusy):
		a.credentials.Refused()
	case errors.Is(err, voting.ErrUnknownOutcome) && key == "":
		err = voting.ErrUnknownOutcome.At(errNoKey).Because(err)
	}
	return out, err
}

// StatementByReceipt says, signed, what is recorded for the ballot of a receipt.
// Faults: voting's.
func (a *App) StatementByReceipt(ctx context.Context, slug, receipt string) (voting.Statement, error) {
	return do(ctx, a, ReadStatement, slug, a.voting.GetStatement, voting.StatementOf{Slug: slug, Receipt: receipt})
}

// StatementByCode tells whether a ballot is counted of the member whose code it is,
// after the vote and where no organizer could have read the code. Faults: those of
// identity.Service.ReadCode, too_many_codes.
func (a *App) StatementByCode(ctx context.Context, slug, code string) (ballot bool, err error) {
	ctx, err = a.may(ctx, ReadStatement, slug, "")
	if err != nil {
		return false, err
	}
	end, err := a.codes.begin(slug, CallerOf(ctx).Address)
	if err != nil {
		return false, err
	}
	used, err := a.identity.ReadCode(ctx, identity.CodeOf{Slug: slug, Code: code})
	end(errors.Is(err, identity.ErrCode))
	return used.Ballot, err
}

// StatementByKey says, signed, what is recorded for the ballot that a voter cast
// with an Idempotency-Key. It takes from the rate of the voter's ballots.
// Faults: voting's, too_many_requests.
func (a *App) StatementByKey(ctx context.Context, voter credential.Voter, key string) (voting.Statement, error) {
	if err := a.ballots.Take(string(voter.ID[:])); err != nil {
		return voting.Statement{}, err
	}
	in := voting.StatementOf{Slug: voter.Slug, Voter: voter.ID, Key: voting.HashKey(key)}
	return do(ctx, a, ReadStatement, voter.Slug, a.voting.GetStatement, in)
}
