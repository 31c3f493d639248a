package app

import (
	"context"

	"github.com/laurel-awards/laurel/services/identity"
)

// mailAct is the act that is asked for letters: of a selection, or of the
// installation where the slug is empty.
func mailAct(slug string, ofSelection, ofInstallation Act) Act {
	if slug == "" {
		return ofInstallation
	}
	return ofSelection
}

// Mail gives letters and what has become of them: identity.Service.ListMail.
func (a *App) Mail(ctx context.Context, in identity.ListMail) (identity.MailPage, error) {
	return do(ctx, a, mailAct(in.Slug, ReadMail, ReadOwnMail), in.Slug, a.identity.ListMail, in)
}

// Letter gives one letter with what it says.
func (a *App) Letter(ctx context.Context, in identity.OfLetter) (identity.LetterRead, error) {
	return do(ctx, a, mailAct(in.Slug, ReadMail, ReadOwnMail), in.Slug, a.identity.ReadLetter, in)
}

// ChangeMail holds, releases, withdraws or sends letters again.
func (a *App) ChangeMail(ctx context.Context, in identity.ChangeMail) (identity.MailChanged, error) {
	return do(ctx, a, mailAct(in.Slug, ChangeMail, ChangeOwnMail), in.Slug, a.identity.ChangeMail, in)
}

// Wording gives how a selection words a letter.
func (a *App) Wording(ctx context.Context, in identity.OfWording) (identity.Wording, error) {
	return do(ctx, a, ReadMail, in.Slug, a.identity.ReadWording, in)
}

// SaveWording changes it: identity.Service.SaveWording.
func (a *App) SaveWording(ctx context.Context, in identity.SaveWording) (identity.Wording, error) {
	return do(ctx, a, WordLetters, in.Slug, a.identity.SaveWording, in)
}

// TryWording gives the letter to a made-up reader.
func (a *App) TryWording(ctx context.Context, in identity.TryWording) (identity.LetterText, error) {
	return do(ctx, a, WordLetters, in.Slug, a.identity.TryWording, in)
}
