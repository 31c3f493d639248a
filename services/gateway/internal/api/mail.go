package api

import (
	"context"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
)

// MailQuery is which letters are meant.
type MailQuery struct {
	State  identity.LetterState `query:"state" doc:"All where absent"`
	Kind   identity.LetterKind  `query:"kind" doc:"All where absent"`
	Search string               `query:"q" maxLength:"254" doc:"A part of the address"`
	Page   int                  `query:"page" minimum:"1" default:"1"`
	Most   int                  `query:"most" minimum:"0" maximum:"100" default:"50" doc:"Of a page; 0: the figures alone"`
}

func (q MailQuery) of(slug string) identity.ListMail {
	return identity.ListMail{Slug: slug, State: q.State, Kind: q.Kind, Search: q.Search, Page: q.Page, Most: q.Most}
}

// OfLetter is the letter in a path.
type OfLetter struct {
	Letter string `path:"letter" maxLength:"64" doc:"Id of the letter"`
}

type mailInput struct {
	InSelection
	MailQuery
}

type letterInput struct {
	InSelection
	OfLetter
}

// InWording is the letter that a selection words, in a path.
type InWording struct {
	InSelection
	Kind identity.WordingKind `path:"wording" doc:"Which letter"`
}

func (in InWording) of() identity.OfWording { return identity.OfWording{Slug: in.Slug, Kind: in.Kind} }

type saveWording struct {
	InWording
	Body gateway.SaveWording
}

type tryWording struct {
	InWording
	Body gateway.WordLetter
}

func changeMail(slug string, in gateway.ChangeMail) identity.ChangeMail {
	return identity.ChangeMail{Slug: slug, Letter: in.Letter, Do: in.Do, Reason: in.Reason}
}

// mailRoutes are about letters: a selection's, and the installation's own.
func (a *API) mailRoutes() {
	const mail, wording = "/selections/{slug}/mail", "/selections/{slug}/wordings/{wording}"
	serve(a, route{act: app.ReadMail, at: "GET " + mail, summary: "Letters of a selection, the last first, and what has become of each"},
		func(ctx context.Context, in *mailInput) (identity.MailPage, error) {
			return a.app.Mail(ctx, in.of(in.Slug))
		})
	serve(a, route{act: app.ReadMail, at: "GET " + mail + "/{letter}", summary: "A letter with what it says; links and codes are masked"},
		func(ctx context.Context, in *letterInput) (identity.LetterRead, error) {
			return a.app.Letter(ctx, identity.OfLetter{Slug: in.Slug, Letter: in.Letter})
		})
	serve(a, route{act: app.ChangeMail, at: "POST " + mail + "/change", summary: "Hold, release, withdraw or send again one letter, or all"},
		func(ctx context.Context, in *about[gateway.ChangeMail]) (identity.MailChanged, error) {
			return a.app.ChangeMail(ctx, changeMail(in.Slug, in.Body))
		})
	serve(a, route{act: app.ReadMail, at: "GET " + wording, summary: "How a selection words a letter, and the fields that may stand in it"},
		func(ctx context.Context, in *InWording) (identity.Wording, error) { return a.app.Wording(ctx, in.of()) })
	serve(a, route{act: app.WordLetters, at: "PUT " + wording, summary: "Word a letter for those that are made from now on; 409 where somebody else has"},
		func(ctx context.Context, in *saveWording) (identity.Wording, error) {
			return a.app.SaveWording(ctx, identity.SaveWording{
				OfWording: in.of(), Words: in.Body.Words(), Version: in.Body.Version, Reset: in.Body.Reset,
			})
		})
	serve(a, route{act: app.WordLetters, at: "POST " + wording + "/try", summary: "What a letter would say to a made-up reader"},
		func(ctx context.Context, in *tryWording) (identity.LetterText, error) {
			return a.app.TryWording(ctx, identity.TryWording{OfWording: in.of(), Words: in.Body.Words()})
		})
	serve(a, route{act: app.ReadOwnMail, at: "GET /mail", summary: "Letters of the installation: to holders of accounts, and about all selections"},
		func(ctx context.Context, in *MailQuery) (identity.MailPage, error) { return a.app.Mail(ctx, in.of("")) })
	serve(a, route{act: app.ReadOwnMail, at: "GET /mail/{letter}", summary: "A letter of the installation"},
		func(ctx context.Context, in *OfLetter) (identity.LetterRead, error) {
			return a.app.Letter(ctx, identity.OfLetter{Letter: in.Letter})
		})
	serve(a, route{
		act: app.ChangeOwnMail, at: "POST /mail/change",
		summary: "Send letters of the installation again, or hold, release and withdraw invitations",
	},
		func(ctx context.Context, in *body[gateway.ChangeMail]) (identity.MailChanged, error) {
			return a.app.ChangeMail(ctx, changeMail("", in.Body))
		})
}
