package staff

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/services/identity/internal/mail"
)

// Secret implements mail.Secrets.
func (s *Staff) Secret(ctx context.Context, tx *sqlx.Tx, l mail.Sending) (token string, wanted bool, err error) {
	return s.MailedLink(ctx, tx, l.Letter)
}

// Sent implements mail.Secrets: what becomes of a link, its use tells.
func (s *Staff) Sent(context.Context, *sqlx.Tx, mail.Sending, mail.Fate) error { return nil }

// Again implements mail.Secrets.
func (s *Staff) Again(context.Context, *sqlx.Tx, []string) error { return nil }
