package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
)

var letters = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_mails_total", Help: "Tries to send a letter: sent, failed (tried again later), dead (given up), dropped (nobody is to get it any more).",
}, []string{"outcome"})

const (
	look      = time.Second // between looks at the queue
	sweep     = time.Minute // between those for letters to forget
	maxTries  = 12          // in about half a day
	firstWait = 30 * time.Second
	maxWait   = 4 * time.Hour
	keep      = 7 * 24 * time.Hour // letters, once their fate is settled
	maxError  = 500                // bytes
	noteTime  = 10 * time.Second   // for the outcome of a try, once this process is to stop
)

// Sending is a letter that is about to be sent.
type Sending struct {
	ID string
	Letter
}

// Secrets makes what only the reader of a letter is to have; each kind of letter
// with a secret has one.
type Secrets interface {
	// Secret makes the token of a letter's link, or its code, in a transaction that
	// is committed before the letter is sent. It gives false where the letter is not
	// to be sent. An empty secret is that of an invitation whose reader has an
	// account: it says so.
	Secret(ctx context.Context, tx *sqlx.Tx, l Sending) (secret string, wanted bool, err error)
	// Sent notes what became of a letter, in the transaction that does. It may be
	// told twice: one that was withdrawn while it was sent is sent.
	Sent(ctx context.Context, tx *sqlx.Tx, l Sending, fate Fate) error
	// Again notes that letters wait again which were given up.
	Again(ctx context.Context, tx *sqlx.Tx, ids []string) error
}

// Fate is what became of a letter.
type Fate string

// The fates, as the queue keeps them.
const (
	Delivered Fate = "sent"    // the mail server took it
	Dropped   Fate = "dropped" // nobody is to get it any more
	Dead      Fate = "dead"    // given up
	again     Fate = "queued"
)

// Task sends what is queued. In each moment one process does.
func (q *Queue) Task(secrets map[Kind]Secrets) run.Task {
	return run.Task{Name: "mail", Run: func(ctx context.Context) error {
		var swept time.Time
		for pause.For(ctx, look) {
			if !q.On() {
				continue
			}
			due, err := q.anyDue(ctx)
			if err == nil && (due || time.Since(swept) > sweep) {
				swept = time.Now()
				err = pg.Lead(ctx, q.deps.DB, "identity/mail", func(*pg.Leader) error { return q.round(ctx, secrets) })
			}
			if err != nil && ctx.Err() == nil {
				q.deps.Log.WarnContext(ctx, "mail is sent later", "error", err)
			}
		}
		return nil
	}}
}

// anyDue tells whether a letter is due: a look without the lock costs a third.
func (q *Queue) anyDue(ctx context.Context) (due bool, err error) {
	if err := q.deps.DB.GetContext(ctx, &due, `SELECT EXISTS (SELECT FROM mail WHERE state = 'queued' AND due_at <= $1)`, q.deps.Time()); err != nil {
		return false, fmt.Errorf("is mail due: %w", err)
	}
	return due, nil
}

// round sends what is due, and forgets what is old.
func (q *Queue) round(ctx context.Context, secrets map[Kind]Secrets) error {
	for {
		more, err := q.next(ctx, secrets, `kind <> 'code'`)
		if err == nil && !more {
			more, err = q.next(ctx, secrets, `kind = 'code'`) // they are many
		}
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	now := q.deps.Time()
	if _, err := q.deps.DB.ExecContext(ctx, `
		DELETE FROM mail WHERE state <> 'queued' AND state <> 'held' AND created_at < $1
		AND (state = 'dropped' AND slug IS NULL OR coalesce(settled_at, created_at) < $2)`,
		now.Add(-within), now.Add(-keep)); err != nil {
		return fmt.Errorf("forget mail: %w", err)
	}
	return nil
}

// due is a letter whose next try is now.
type due struct {
	ID      string `db:"id"`
	Kind    Kind   `db:"kind"`
	Address string `db:"address"`
	Said    []byte `db:"said"`
	Tries   int    `db:"tries"` // this one too
	Wording int    `db:"wording"`
}

// sending is the letter as those who make its secret see it.
func (d due) sending() (s Sending, err error) {
	s = Sending{ID: d.ID, Letter: Letter{Kind: d.Kind, Address: d.Address}}
	if err := json.Unmarshal(d.Said, &s.Said); err != nil {
		return s, fmt.Errorf("letter: %w", err)
	}
	return s, nil
}

// next tries one letter of some kinds; more tells whether there was one.
func (q *Queue) next(ctx context.Context, secrets map[Kind]Secrets, kinds string) (more bool, err error) {
	var d due
	var l Sending
	var secret string
	wanted := true
	err = pg.InTx(ctx, q.deps.DB, func(tx *sqlx.Tx) error {
		d = due{}
		// What is noted before the try keeps a letter that ends the process from
		// being tried without end.
		err := tx.GetContext(ctx, &d, `
			UPDATE mail SET tries = tries + 1, begun_at = $1, due_at = $1::timestamptz + LEAST($2::float8 * 2 ^ LEAST(tries, 20), $3) * interval '1 second'
			WHERE id = (SELECT id FROM mail WHERE state = 'queued' AND `+kinds+` AND due_at <= $1 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
			RETURNING id, kind, address, said, tries, wording`, q.deps.Time(), firstWait.Seconds(), maxWait.Seconds())
		if err != nil {
			return err
		}
		if l, err = d.sending(); err != nil {
			return err
		}
		if by, has := secrets[l.Kind]; has {
			secret, wanted, err = by.Secret(ctx, tx, l)
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("next mail: %w", err)
	}
	if !wanted {
		return true, q.note(ctx, secrets, l, d.Tries, Dropped, "dropped", nil)
	}
	final, err := q.send(ctx, l, d, secret)
	// What came of a try is noted also where this process is stopped meanwhile.
	noting, done := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer done()
	switch {
	case err == nil:
		return true, q.note(noting, secrets, l, d.Tries, Delivered, "sent", nil)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case final || d.Tries >= maxTries:
		q.deps.Log.ErrorContext(ctx, "a letter is given up", "id", d.ID, "kind", string(d.Kind), "tries", d.Tries, "error", err)
		return true, q.note(noting, secrets, l, d.Tries, Dead, "dead", err)
	}
	q.deps.Log.WarnContext(ctx, "a letter is tried again", "id", d.ID, "kind", string(d.Kind), "tries", d.Tries, "error", err)
	return true, q.note(noting, secrets, l, d.Tries, again, "failed", err)
}

func (q *Queue) send(ctx context.Context, l Sending, d due, secret string) (final bool, err error) {
	id, k := l.ID, l.Kind
	switch {
	case k == Code:
		id += "." + strconv.Itoa(d.Tries) // another code: mail programs show one letter of an id
	case k == Invitation && secret == "":
		k = RoleGiven
	}
	words, err := words(ctx, q.deps.DB, k, l.Said.Slug, d.Wording)
	if err != nil {
		return false, err
	}
	text, err := write(words, q.filling(k, l.Said, l.Address, url.QueryEscape(secret)))
	if err != nil {
		return true, err
	}
	return q.via.send(ctx, id, l.Address, text)
}

// note says what became of a try, unless another has begun since: whoever hung in
// a try for long says nothing of a letter that another sender has. A letter that
// the mail server took is sent, whoever has held or withdrawn it meanwhile. One of
// a selection says on what its outbox shows, and others say no more.
func (q *Queue) note(ctx context.Context, secrets map[Kind]Secrets, l Sending, try int, fate Fate, outcome string, cause error) error {
	letters.WithLabelValues(outcome).Inc()
	text := ""
	if cause != nil {
		text = cause.Error()
		text = strings.ToValidUTF8(text[:min(len(text), maxError)], "")
	}
	return pg.InTx(ctx, q.deps.DB, func(tx *sqlx.Tx) error {
		var state Fate
		err := tx.GetContext(ctx, &state, `
			UPDATE mail SET error = $3, begun_at = NULL,
				state = CASE WHEN $2 = 'sent' THEN $2 WHEN state = 'withdrawn' OR $2 = 'queued' THEN state ELSE $2 END,
				settled_at = CASE WHEN $2 = 'sent' OR $2 <> 'queued' AND state <> 'withdrawn' THEN $5 ELSE settled_at END,
				said = CASE WHEN $2 NOT IN ('sent', 'dropped') THEN said WHEN slug IS NULL THEN '{}' ELSE said - 'member' END
			WHERE id = $1 AND state IN ('queued', 'held', 'withdrawn') AND tries = $4 RETURNING state`,
			l.ID, string(fate), text, try, q.deps.Time())
		by, has := secrets[l.Kind]
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("note mail: %w", err)
		case !has || fate == again || state != fate:
			return nil
		}
		return by.Sent(ctx, tx, l, fate)
	})
}
