package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

// Outbox shows the letters of a queue and changes what becomes of them.
type Outbox struct {
	*Queue

	secrets map[Kind]Secrets
}

// NewOutbox makes that of a queue whose secrets are made so.
func NewOutbox(q *Queue, secrets map[Kind]Secrets) *Outbox { return &Outbox{q, secrets} }

const (
	// stateNow is the state of a letter as it is told.
	stateNow = `CASE WHEN state = 'queued' AND begun_at IS NOT NULL THEN 'sending' WHEN state = 'queued' AND tries > 0 THEN 'deferred' ELSE state END`
	// ofSelections are the kinds that a selection sends.
	ofSelections = `kind IN ('invitation', 'role_given', 'code')`
	// kindNow is the kind of a letter as it is told.
	kindNow = `CASE kind WHEN 'role_given' THEN 'invitation' ELSE kind END`
)

// whose is the condition on the letters of a selection, whose slug is $1, or of
// the installation.
func whose(slug string) string {
	if slug == "" {
		return ` ($1 = '' AND (slug IS NULL OR NOT ` + ofSelections + `)) `
	}
	return ` (slug = $1 AND ` + ofSelections + `) `
}

// kept tells whether a kind of letter may be held and withdrawn. What tells
// somebody of a change of their account may not: whoever made the change could
// keep it from them.
func (k Kind) kept() bool { return k == Invitation || k == RoleGiven || k == Code }

// row is a letter as the table has it.
type row struct {
	ID        string     `db:"id"`
	Kind      Kind       `db:"kind"`
	Address   string     `db:"address"`
	Slug      string     `db:"slug"`
	Said      []byte     `db:"said"`
	State     string     `db:"state"`
	CreatedAt time.Time  `db:"created_at"`
	DueAt     time.Time  `db:"due_at"`
	Tries     int        `db:"tries"`
	Error     string     `db:"error"`
	BegunAt   *time.Time `db:"begun_at"`
	SettledAt *time.Time `db:"settled_at"`
	Reason    string     `db:"reason"`
	Wording   int        `db:"wording"`
}

const columns = `id, kind, address, coalesce(slug, '') AS slug, said, ` + stateNow + ` AS state,
	created_at, due_at, tries, error, begun_at, settled_at, reason, wording`

// told is a letter as it is shown.
func (r row) told() identity.MailLetter {
	l := identity.MailLetter{
		ID: r.ID, Kind: r.Kind.told(), Address: r.Address, Reason: r.Reason, Kept: r.Kind.kept(), BegunAt: utc(r.BegunAt), SettledAt: utc(r.SettledAt),
		Letter: identity.Letter{
			State: identity.LetterState(r.State), CreatedAt: r.CreatedAt.UTC(), DueAt: r.DueAt.UTC(), Tries: r.Tries, Error: r.Error,
		},
	}
	if r.Kind == Code {
		l.BegunAt, l.SettledAt = nil, nil
	}
	return l
}

func (k Kind) told() identity.LetterKind {
	if k == RoleGiven {
		k = Invitation
	}
	return identity.LetterKind(k)
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// ListMail implements identity.Service. It asks the database for the page alone,
// however many letters there are.
func (o *Outbox) ListMail(ctx context.Context, in identity.ListMail) (out identity.MailPage, err error) {
	if err := identity.ErrMail.Check(listFields(in)); err != nil {
		return out, err
	}
	out = identity.MailPage{On: o.On(), Figures: []identity.MailFigure{}, Letters: []identity.MailLetter{}, Page: 1}
	var figures []struct {
		Kind    identity.LetterKind  `db:"kind"`
		State   identity.LetterState `db:"state"`
		Letters int                  `db:"letters"`
	}
	if err := o.deps.DB.SelectContext(ctx, &figures, `
		SELECT `+kindNow+` AS kind, `+stateNow+` AS state, count(*) AS letters FROM mail WHERE`+whose(in.Slug)+`
		GROUP BY 1, 2 ORDER BY 1, 2`, in.Slug); err != nil {
		return out, fmt.Errorf("list mail: %w", err)
	}
	for _, f := range figures {
		out.Figures = append(out.Figures, identity.MailFigure(f))
	}
	if in.Most == 0 {
		return out, nil
	}
	found := ` FROM mail WHERE` + whose(in.Slug) + `AND ($2 = '' OR ` + stateNow + ` = $2) AND ($3 = '' OR ` + kindNow + ` = $3)
		AND ($4 = '' OR strpos(address, $4) > 0)`
	args := []any{in.Slug, in.State, in.Kind, Normalize(in.Search)}
	if err := o.deps.DB.GetContext(ctx, &out.Found, `SELECT count(*)`+found, args...); err != nil {
		return out, fmt.Errorf("list mail: %w", err)
	}
	out.Page = min(max(in.Page, 1), max(1, (out.Found+in.Most-1)/in.Most))
	var rows []row
	if err := o.deps.DB.SelectContext(ctx, &rows, `SELECT `+columns+found+` ORDER BY id DESC LIMIT $5 OFFSET $6`,
		append(args, in.Most, (out.Page-1)*in.Most)...); err != nil {
		return out, fmt.Errorf("list mail: %w", err)
	}
	for _, r := range rows {
		out.Letters = append(out.Letters, r.told())
	}
	return out, nil
}

// maxSearch is the longest part of an address that is looked for, in characters.
const maxSearch = 254

func listFields(in identity.ListMail) (wrong []fault.Field) {
	if in.State != "" && !slices.Contains(identity.LetterStates(), in.State) {
		wrong = append(wrong, fault.OneOf("state", identity.LetterStates()...))
	}
	if in.Kind != "" && !slices.Contains(identity.LetterKinds(), in.Kind) {
		wrong = append(wrong, fault.OneOf("kind", identity.LetterKinds()...))
	}
	if in.Most < 0 || in.Most > identity.MaxLetters {
		wrong = append(wrong, fault.Wrong("most", "letters_most", "takes 0 to {max}", "max", identity.MaxLetters))
	}
	return append(wrong, fault.Text("search", in.Search, maxSearch)...)
}

// letter reads one letter of a selection or the installation, and holds it where
// lock says so. Fault: ErrNoLetter.
func letter(ctx context.Context, q sqlx.QueryerContext, in identity.OfLetter, lock string) (r row, err error) {
	if _, err := uuid.Parse(in.Letter); err != nil {
		return r, identity.ErrNoLetter
	}
	err = sqlx.GetContext(ctx, q, &r, `SELECT `+columns+` FROM mail WHERE`+whose(in.Slug)+`AND id = $2 `+lock, in.Slug, in.Letter)
	if errors.Is(err, sql.ErrNoRows) {
		return r, identity.ErrNoLetter
	}
	if err != nil {
		return r, fmt.Errorf("read letter: %w", err)
	}
	return r, nil
}

// hidden stands for a secret where a letter is shown.
const hidden = "••••-••••-••••"

// ReadLetter implements identity.Service.
func (o *Outbox) ReadLetter(ctx context.Context, in identity.OfLetter) (out identity.LetterRead, err error) {
	r, err := letter(ctx, o.deps.DB, in, "")
	if err != nil {
		return out, err
	}
	out = identity.LetterRead{MailLetter: r.told(), Texts: []identity.LetterText{}}
	if string(r.Said) == "{}" && (out.State == identity.LetterSent || out.State == identity.LetterDropped) {
		return out, nil
	}
	var said Said
	if err := json.Unmarshal(r.Said, &said); err != nil {
		return out, fmt.Errorf("read letter: %w", err)
	}
	kinds := []Kind{r.Kind}
	if r.Kind.told() == identity.LetterInvitation {
		kinds = []Kind{Invitation, RoleGiven}
	}
	for _, k := range kinds {
		words, err := words(ctx, o.deps.DB, k, said.Slug, r.Wording)
		if err != nil {
			return out, err
		}
		t, err := write(words, o.filling(k, said, r.Address, hidden))
		if err != nil {
			return out, err
		}
		out.Texts = append(out.Texts, identity.LetterText{Subject: t.subject, Text: t.body})
	}
	return out, nil
}

// filling is what a letter is filled with; secret is the token of its link, or its
// code.
func (q *Queue) filling(k Kind, said Said, address, secret string) filling {
	base := strings.TrimSuffix(q.cfg.PublicURL, "/")
	f := filling{Said: said, Address: address, Forgot: base + "/forgot"}
	switch {
	case secret == "":
	case k == Code:
		f.Code, f.Link = secret, base+"/s/"+said.Slug+"#code="+secret
	case k.hasLink():
		f.Link = base + "/claim?token=" + secret
	}
	return f
}

// Over drops the letters with codes of a selection that are held: the vote is
// over, and nobody is to get one.
func (q *Queue) Over(ctx context.Context, tx *sqlx.Tx, slug string) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE mail SET state = 'dropped', settled_at = $3, said = said - 'member' WHERE slug = $1 AND kind = $2 AND state = 'held'`,
		slug, Code, q.deps.Time()); err != nil {
		return fmt.Errorf("drop mail: %w", err)
	}
	return nil
}
