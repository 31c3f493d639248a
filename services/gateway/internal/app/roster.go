package app

import (
	"context"
	"fmt"
	"io"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// maxSlips is how many codes a page of slips can hold: it is for a printer.
const maxSlips = 20_000

var errNoRosterWay = fault.New(fault.Conflict, "roster_not_taken", "the rulebook does not take voters by roster: voting.voters")

// ImportRoster adds the members of a CSV or XLSX: identity.Service.ImportRoster.
func (a *App) ImportRoster(ctx context.Context, slug, sheet string, file []byte) (identity.RosterImported, error) {
	return a.importRoster(ctx, slug, sheet, func(ctx context.Context) (string, func(), error) { return a.upload(ctx, file, MaxImport) })
}

// TakeRoster is ImportRoster of a file that was taken in.
func (a *App) TakeRoster(ctx context.Context, slug, sheet string, intake *Intake) (identity.RosterImported, error) {
	return a.importRoster(ctx, slug, sheet, func(context.Context) (string, func(), error) {
		switch {
		case intake.Refused != nil:
			return "", nil, intake.Refused
		case len(intake.Files) == 0:
			return "", nil, identity.ErrRosterInvalid.At(fault.Required("blob"))
		}
		return intake.Files[0].Blob, func() {}, nil // whoever took it in drops it
	})
}

func (a *App) importRoster(
	ctx context.Context, slug, sheet string, file func(context.Context) (name string, drop func(), err error),
) (out identity.RosterImported, err error) {
	ctx, err = a.may(ctx, ImportRoster, slug, "")
	if err != nil {
		return out, err
	}
	rules, err := a.rulebook(ctx, slug)
	if err != nil {
		return out, err
	}
	if !rules.Voting.Admits(rulebook.WayRoster) {
		return out, errNoRosterWay
	}
	in := identity.ImportRoster{Slug: slug, Sheet: sheet}
	if c := rules.Voting.Constituency; c != nil && c.From == rulebook.ConstituencyRoster {
		in.Divided, in.Constituencies = true, c.Values
	}
	name, drop, err := file(ctx)
	if err != nil {
		return out, err
	}
	defer drop()
	in.Blob = name
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	return a.identity.ImportRoster(ctx, in)
}

// Roster gives a roster's figures.
func (a *App) Roster(ctx context.Context, slug string) (identity.Roster, error) {
	return do(ctx, a, ReadRoster, slug, a.identity.GetRoster, identity.OfRoster{Slug: slug})
}

// Codes are members' new codes in plain text.
type Codes struct {
	Title  map[string]string // of the selection, by language
	Export int               // 1 for the first
	Coded  []identity.Coded
	Sealed []byte // in place of Coded, for the printing office

	Left    int  // members who are left out
	InForce bool // what was issued for earlier codes votes no more, as far as is known
}

// withCodes lets whoever may do an act with codes do it before the vote is over.
// Fault: identity.ErrVoteOver.
func (a *App) withCodes(ctx context.Context, act Act, slug string) (context.Context, selection.Selection, error) {
	ctx, err := a.may(ctx, act, slug, "")
	if err != nil {
		return ctx, selection.Selection{}, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err == nil && over(s) {
		err = identity.ErrVoteOver
	}
	return ctx, s, err
}

// ExportCodes makes the members' codes and gives them out, this once: they are
// kept nowhere. Whoever loses them asks again, with a reason. Faults: those of
// identity.Service.ExportCodes.
func (a *App) ExportCodes(ctx context.Context, slug string, form gateway.Form, reason string) (Codes, error) {
	ctx, s, err := a.withCodes(ctx, ExportCodes, slug)
	if err != nil {
		return Codes{}, err
	}
	most := identity.MaxMembers
	if form == gateway.FormHTML {
		most = maxSlips
	}
	within, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	made, err := a.identity.ExportCodes(within, identity.ExportCodes{Slug: slug, Reason: reason, Form: string(form), Most: most, Title: s.Title})
	if err != nil {
		return Codes{}, err
	}
	codes := Codes{Title: s.Title, Export: made.Export, Left: made.Left}
	if codes.Sealed, err = a.takeUpload(ctx, made.Blob); err == nil && form != gateway.FormSealed {
		codes.Coded, err = codelist.Open(codes.Sealed, made.Key)
	}
	codes.InForce = a.inForce(ctx, slug, made.Replacements)
	return codes, err
}

// MailCodes has letters with codes sent: identity.Service.MailCodes.
func (a *App) MailCodes(ctx context.Context, in identity.MailCodes) (out identity.CodesMailed, err error) {
	ctx, _, err = a.withCodes(ctx, MailCodes, in.Slug)
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	return a.identity.MailCodes(ctx, in)
}

// inForce waits a while until voting has heard of so many replacements of a
// selection's codes.
func (a *App) inForce(ctx context.Context, slug string, replacements int64) bool {
	known := int64(0)
	return a.wait(ctx, func() bool {
		if known < replacements {
			if now, err := a.voting.GetReplacements(ctx, voting.Of{Slug: slug}); err == nil {
				known = now.Replacements
			}
		}
		return known >= replacements
	})
}

// over tells whether the vote has been closed, in whatever room it is known.
func over(s selection.Selection) bool {
	state := s.Phase(rulebook.PhaseVoting).State
	return state == selection.Closing || state == selection.Closed
}

// takeUpload reads what a room has left for this request, and removes it.
func (a *App) takeUpload(ctx context.Context, name string) ([]byte, error) {
	body, _, err := a.blobs.In(blob.Uploads).Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	defer a.dropUpload(ctx, name)
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	return text, nil
}

// ReplaceCode gives a member a new code. Faults: those of
// identity.Service.ReplaceCode.
func (a *App) ReplaceCode(ctx context.Context, in identity.ReplaceCode) (out gateway.CodeReplaced, err error) {
	ctx, _, err = a.withCodes(ctx, ReplaceCode, in.Slug)
	if err != nil {
		return out, err
	}
	made, err := a.identity.ReplaceCode(ctx, in)
	if err != nil {
		return out, err
	}
	return gateway.CodeReplaced{Coded: made.Coded, InForce: a.inForce(ctx, in.Slug, made.Replacements)}, nil
}
