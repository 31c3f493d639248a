package app

import (
	"context"
	"fmt"
	"io"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// maxSlips is how many codes a page of slips can hold: it is for a printer.
const maxSlips = 20_000

var errNoRosterWay = fault.New(fault.Conflict, "roster_not_taken", "the rulebook does not take voters by roster: voting.voters")

// ImportRoster adds the members of a CSV or XLSX: identity.Service.ImportRoster.
func (a *App) ImportRoster(ctx context.Context, slug, sheet string, file []byte) (identity.RosterImported, error) {
	var out identity.RosterImported
	ctx, err := a.may(ctx, ImportRoster, slug, "")
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
	if in.Blob, err = a.upload(ctx, file, MaxImport); err != nil {
		return out, err
	}
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
}

// ExportCodes makes the members' codes and gives them out, this once: they are
// kept nowhere. Whoever loses them asks again, with a reason. Faults: those of
// identity.Service.ExportCodes.
func (a *App) ExportCodes(ctx context.Context, slug string, form gateway.Form, reason string) (Codes, error) {
	ctx, err := a.may(ctx, ExportCodes, slug, "")
	if err != nil {
		return Codes{}, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return Codes{}, err
	}
	most := identity.MaxMembers
	if form == gateway.FormHTML {
		most = maxSlips
	}
	within, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	made, err := a.identity.ExportCodes(within, identity.ExportCodes{Slug: slug, Reason: reason, Most: most})
	if err != nil {
		return Codes{}, err
	}
	coded, err := a.openCodes(ctx, made)
	return Codes{Title: s.Title, Export: made.Export, Coded: coded}, err
}

func (a *App) openCodes(ctx context.Context, made identity.CodesExported) ([]identity.Coded, error) {
	sealed, _, err := a.blobs.Open(ctx, made.Blob)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	defer sealed.Close()
	text, err := io.ReadAll(sealed)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	return codelist.Open(text, made.Key)
}

// ReplaceCode gives a member a new code.
func (a *App) ReplaceCode(ctx context.Context, in identity.ReplaceCode) (identity.Coded, error) {
	return do(ctx, a, ReplaceCode, in.Slug, a.identity.ReplaceCode, in)
}
