package app

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// StartDraft begins a draft: selection.Service.StartDraft.
func (a *App) StartDraft(ctx context.Context, in selection.StartDraft) (selection.Draft, error) {
	return do(ctx, a, DraftRulebook, "", a.selection.StartDraft, in)
}

// Drafts gives all: selection.Service.ListDrafts.
func (a *App) Drafts(ctx context.Context) ([]selection.Draft, error) {
	return do(ctx, a, DraftRulebook, "", a.selection.ListDrafts, struct{}{})
}

// Draft gives one: selection.Service.GetDraft.
func (a *App) Draft(ctx context.Context, id string) (selection.Draft, error) {
	return do(ctx, a, DraftRulebook, "", a.selection.GetDraft, selection.OfDraft{ID: id})
}

// SaveDraft writes a draft anew: selection.Service.SaveDraft.
func (a *App) SaveDraft(ctx context.Context, in selection.SaveDraft) (selection.Draft, error) {
	return do(ctx, a, DraftRulebook, "", a.selection.SaveDraft, in)
}

// DiscardDraft throws a draft away: selection.Service.DiscardDraft.
func (a *App) DiscardDraft(ctx context.Context, in selection.OfVersion) (selection.Draft, error) {
	return do(ctx, a, DraftRulebook, "", a.selection.DiscardDraft, in)
}

// FinishDraft makes a selection of a draft: selection.Service.FinishDraft.
func (a *App) FinishDraft(ctx context.Context, in selection.OfVersion) (selection.Selection, error) {
	return do(ctx, a, CreateSelection, "", a.selection.FinishDraft, in)
}

// Given gives a selection's rulebook as it was handed in, with its comments.
func (a *App) Given(ctx context.Context, slug string) (selection.Given, error) {
	return do(ctx, a, ReadGiven, slug, a.selection.GetGiven, selection.Of{Slug: slug})
}

// CheckedRulebook is a text with changes, and what is wrong with it.
type CheckedRulebook struct {
	Document *rulebook.Document // nil: the text cannot be read
	Text     string
	Rules    *rulebook.Rulebook // nil as long as there is a mistake in what is written
	Wrong    []fault.Field      // with line and field; what is missing, too
	Refused  []fault.Field      // of changes that could not be made
}

// CheckRulebook makes changes of a form in a rulebook's text, one after another,
// and says what is wrong with it. A change that cannot be made is told, and the
// others are.
func (a *App) CheckRulebook(ctx context.Context, text string, changes []rulebook.Change) (CheckedRulebook, error) {
	if _, err := a.may(ctx, DraftRulebook, "", ""); err != nil {
		return CheckedRulebook{}, err
	}
	out := CheckedRulebook{Text: text}
	if fields := (selection.StartDraft{Rulebook: text}).Check(); len(fields) > 0 {
		out.Wrong = fields
		return out, nil
	}
	doc, err := rulebook.ReadDocument([]byte(text))
	if err != nil {
		out.Wrong = fault.From(err).Fields
		return out, nil
	}
	for _, c := range changes {
		changed, err := doc.Edit(c)
		if err != nil {
			out.Refused = append(out.Refused, refusedAt(c, err)...)
			continue
		}
		doc = changed
	}
	out.Document, out.Text = doc, doc.Text()
	out.Rules, out.Wrong = rulebook.Check([]byte(out.Text), a.cfg.Now())
	return out, nil
}

// refusedAt names the place of a change that could not be made.
func refusedAt(c rulebook.Change, err error) []fault.Field {
	fields := fault.From(err).Fields
	for i := range fields {
		fields[i].Name = c.Path
	}
	return fields
}
