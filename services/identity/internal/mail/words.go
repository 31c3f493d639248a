package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// saved is a version of a wording; without words it is the standard text again.
type saved struct {
	Version int            `db:"version"`
	Subject sql.NullString `db:"subject"`
	ZH      sql.NullString `db:"zh"`
	EN      sql.NullString `db:"en"`
	SavedBy string         `db:"saved_by"`
	SavedAt time.Time      `db:"saved_at"`
}

// last finds the last version of a wording, up to one; nil: there is none.
func last(ctx context.Context, q sqlx.QueryerContext, k Kind, slug string, upTo int) (*saved, error) {
	var s saved
	err := sqlx.GetContext(ctx, q, &s, `
		SELECT version, subject, zh, en, saved_by, saved_at FROM wording
		WHERE slug = $1 AND kind = $2 AND version <= $3 ORDER BY version DESC LIMIT 1`, slug, k, upTo)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // see above
	}
	if err != nil {
		return nil, fmt.Errorf("wording: %w", err)
	}
	return &s, nil
}

// words are those of a letter that was made when a selection had so many versions
// of wordings.
func words(ctx context.Context, q sqlx.QueryerContext, k Kind, slug string, version int) (identity.Words, error) {
	if version > 0 {
		s, err := last(ctx, q, k, slug, version)
		if err != nil {
			return identity.Words{}, err
		}
		if s != nil && s.Subject.Valid {
			return identity.Words{Subject: s.Subject.String, ZH: s.ZH.String, EN: s.EN.String}, nil
		}
	}
	return standard(k, slug)
}

// latest is above all versions.
const latest = 1<<31 - 1

func wordingFields(in identity.OfWording) []fault.Field {
	wrong := event.CheckSlug(in.Slug)
	if fields(in.Kind) == nil {
		wrong = append(wrong, fault.OneOf("kind", identity.WordingKinds()...))
	}
	return wrong
}

// ReadWording implements identity.Service.
func (o *Outbox) ReadWording(ctx context.Context, in identity.OfWording) (identity.Wording, error) {
	if err := identity.ErrMail.Check(wordingFields(in)); err != nil {
		return identity.Wording{}, err
	}
	return wording(ctx, o.deps.DB, in)
}

func wording(ctx context.Context, q sqlx.QueryerContext, in identity.OfWording) (out identity.Wording, err error) {
	out = identity.Wording{Kind: in.Kind, Fields: fields(in.Kind)}
	if out.Standard, err = standard(Kind(in.Kind), in.Slug); err != nil {
		return out, err
	}
	out.Words = out.Standard
	s, err := last(ctx, q, Kind(in.Kind), in.Slug, latest)
	if err != nil || s == nil {
		return out, err
	}
	at := s.SavedAt.UTC()
	out.Version, out.SavedBy, out.SavedAt = s.Version, s.SavedBy, &at
	if s.Subject.Valid {
		out.Own, out.Words = true, identity.Words{Subject: s.Subject.String, ZH: s.ZH.String, EN: s.EN.String}
	}
	return out, nil
}

// tidy is a wording as it is kept.
func tidy(w identity.Words) identity.Words {
	feed := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	return identity.Words{Subject: strings.TrimSpace(w.Subject), ZH: strings.TrimSpace(feed.Replace(w.ZH)), EN: strings.TrimSpace(feed.Replace(w.EN))}
}

// SaveWording implements identity.Service.
func (o *Outbox) SaveWording(ctx context.Context, in identity.SaveWording) (out identity.Wording, err error) {
	in.Words = tidy(in.Words)
	err = identity.ErrMail.Check(wordingFields(in.OfWording))
	if err == nil && !in.Reset {
		err = checkWords(in.Kind, in.Words)
	}
	if err != nil {
		return out, err
	}
	err = pg.InTx(ctx, o.deps.DB, func(tx *sqlx.Tx) error {
		if err := pg.Lock(ctx, tx, "wording/"+in.Slug); err != nil {
			return err
		}
		if out, err = wording(ctx, tx, in.OfWording); err != nil {
			return err
		}
		if out.Version != in.Version {
			return identity.ErrWordingChanged
		}
		if same := out.Own && !in.Reset && out.Words == in.Words || in.Reset && !out.Own; same {
			return nil
		}
		w := &in.Words
		if in.Reset {
			w = nil
		}
		if err := o.keep(ctx, tx, in.OfWording, w); err != nil {
			return err
		}
		out, err = wording(ctx, tx, in.OfWording)
		return err
	})
	return out, err
}

// keep writes a further version of a wording; nil: the standard text.
func (o *Outbox) keep(ctx context.Context, tx *sqlx.Tx, of identity.OfWording, w *identity.Words) error {
	var subject, zh, en *string
	if w != nil {
		subject, zh, en = &w.Subject, &w.ZH, &w.EN
	}
	now := o.deps.Time()
	var version int
	if err := tx.GetContext(ctx, &version, `
		INSERT INTO wording (slug, version, kind, subject, zh, en, saved_by, saved_at)
		SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 FROM wording WHERE slug = $1 RETURNING version`,
		of.Slug, of.Kind, subject, zh, en, actor.From(ctx).Name, now); err != nil {
		return fmt.Errorf("save wording: %w", err)
	}
	return audit.Record(ctx, tx, now, of.Slug, "word_letter", "", map[string]any{"kind": of.Kind, "version": version, "standard": w == nil})
}

// TryWording implements identity.Service.
func (o *Outbox) TryWording(_ context.Context, in identity.TryWording) (out identity.LetterText, err error) {
	in.Words = tidy(in.Words)
	if err = identity.ErrMail.Check(wordingFields(in.OfWording)); err == nil {
		err = checkWords(in.Kind, in.Words)
	}
	if err != nil {
		return out, err
	}
	said := Said{By: "li.na@example.org", Slug: in.Slug}
	t, err := write(in.Words, o.filling(Kind(in.Kind), said, "wang.fang@example.org", hidden))
	return identity.LetterText{Subject: t.subject, Text: t.body}, err
}
