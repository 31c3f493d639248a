package decision

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// maxSigner is how many characters a signer's name may have.
const maxSigner = 100

// word is what a host says of a result.
type word struct{ slug, host, hash, signer, reason string }

// SignDecision implements review.Service.
func (m *Meeting) SignDecision(ctx context.Context, in review.SignDecision) (review.Signing, error) {
	w := word{in.Slug, in.Host, in.Hash, strings.TrimSpace(cmp.Or(strings.TrimSpace(in.Signer), actor.From(ctx).Name)), ""}
	if err := review.ErrInvalid.Check(fault.Text("signer", w.signer, maxSigner)); err != nil {
		return review.Signing{}, err
	}
	return m.say(ctx, w, m.sign)
}

// RefuseDecision implements review.Service.
func (m *Meeting) RefuseDecision(ctx context.Context, in review.RefuseDecision) (review.Signing, error) {
	w := word{in.Slug, in.Host, in.Hash, actor.From(ctx).Name, strings.TrimSpace(in.Reason)}
	if err := review.ErrInvalid.Check(audit.Reason(w.reason)); err != nil {
		return review.Signing{}, err
	}
	return m.say(ctx, w, m.refuse)
}

// say has a host say something of the result that waits for its signature; do gets
// the motion, and what the host has said of it before, if anything.
func (m *Meeting) say(
	ctx context.Context, w word, do func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, mo motion, w word, before *signOff) error,
) (review.Signing, error) {
	fell := false
	err := m.alone(ctx, w.slug, func(tx *sqlx.Tx) error {
		sel, err := m.open(ctx, tx, w.slug)
		if err != nil {
			return err
		}
		if err := watch.Result(ctx, tx, w.slug); err != nil {
			return err
		}
		if _, ok := sel.Rulebook.Decision.Host(w.host); !ok {
			return review.ErrInvalid.At(fault.OneOf("host", hostIDs(sel.Rulebook)...))
		}
		mo, err := last(ctx, tx, w.slug)
		if err != nil {
			return err
		}
		said, err := signOffs(ctx, tx, w.slug)
		if err != nil {
			return err
		}
		before := said[place{mo.Seq, w.host}]
		if mo.Outcome == review.Approved && w.reason == "" && before != nil && w.hash == mo.Result {
			return nil // the last to sign asks again
		}
		switch {
		case mo.Outcome != review.AwaitsHosts:
			return review.ErrNothingToSign
		case w.hash != mo.Result:
			return review.ErrOtherHash
		}
		if outcome, _, err := m.stands(ctx, tx, sel, mo); err != nil {
			return err
		} else if fell = outcome != review.Approved; fell {
			return m.results.Fell(ctx, tx, w.slug)
		}
		return do(ctx, tx, sel, mo, w, before)
	})
	if err == nil && fell {
		err = review.ErrOtherHash
	}
	if err != nil {
		return review.Signing{}, err
	}
	return m.GetSigning(ctx, review.Of{Slug: w.slug})
}

// sign keeps a signature, and makes the decision when it was the last.
func (m *Meeting) sign(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, mo motion, w word, before *signOff) error {
	if before != nil {
		return nil
	}
	if err := m.note(ctx, tx, "sign_decision", mo, w); err != nil {
		return err
	}
	said, err := signOffs(ctx, tx, w.slug)
	if err != nil {
		return err
	}
	signed := review.Motion{SignOffs: told(sel.Rulebook, mo.Seq, said)}
	if signed.Outcome = review.AwaitsHosts; len(signed.Awaits()) > 0 {
		return nil
	}
	outcome, enforce, err := m.stands(ctx, tx, sel, mo)
	if err != nil {
		return err
	}
	if err := settle(ctx, tx, w.slug, mo.Seq, outcome); err != nil {
		return err
	}
	if enforce != nil {
		if err := m.results.Enforce(ctx, tx, *enforce); err != nil {
			return err
		}
	}
	made := mo.made(true)
	made.Signatures = signed.Signatures()
	return outbox.Append(ctx, tx, m.deps.Time(), w.slug, "decision", made)
}

// refuse returns what was approved to the committee.
func (m *Meeting) refuse(ctx context.Context, tx *sqlx.Tx, _ phase.Selection, mo motion, w word, before *signOff) error {
	if before != nil {
		return review.ErrSigned
	}
	if err := m.note(ctx, tx, "refuse_decision", mo, w); err != nil {
		return err
	}
	return settle(ctx, tx, w.slug, mo.Seq, review.Returned)
}

// note keeps what a host says.
func (m *Meeting) note(ctx context.Context, tx *sqlx.Tx, act string, mo motion, w word) error {
	now := m.deps.Time()
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO sign_off (slug, seq, host, account, signer, result, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		w.slug, mo.Seq, w.host, actor.From(ctx).ID, w.signer, w.hash, w.reason, now); err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return audit.Record(ctx, tx, now, w.slug, act, w.reason, map[string]any{
		"motion": mo.Seq, "host": w.host, "signer": w.signer, "result_hash": w.hash,
	})
}

// settle gives a motion that awaited the hosts its outcome.
func settle(ctx context.Context, tx *sqlx.Tx, slug string, seq int, outcome string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE motion SET outcome = $3 WHERE slug = $1 AND seq = $2`, slug, seq, outcome); err != nil {
		return fmt.Errorf("settle motion: %w", err)
	}
	return nil
}

// GetSigning implements review.Service.
func (m *Meeting) GetSigning(ctx context.Context, in review.Of) (review.Signing, error) {
	out := review.Signing{Slug: in.Slug, Motion: review.Motion{Outcome: review.NoMotion}, Awards: []review.Awarded{}, Hosts: []review.SignOff{}}
	sel, err := m.deps.Selections.Get(ctx, m.deps.DB, in.Slug)
	if err != nil {
		return out, err
	}
	if err := watch.Result(ctx, m.deps.DB, in.Slug); err != nil {
		return out, err
	}
	all, err := m.motions(ctx, sel)
	if err != nil {
		return out, err
	}
	out.Hosts = append(out.Hosts, told(sel.Rulebook, 0, nil)...)
	// What the committee has not approved is no concern of hosts.
	if last := (review.Meeting{Motions: all}).Motion(); last.SignOffs != nil {
		out.Motion, out.Hosts = last, last.SignOffs
		out.Awards, err = m.results.Awards(ctx, m.deps.DB, in.Slug, out.Motion.ResultHash)
	}
	return out, err
}

// signOff is a row of what hosts have said.
type signOff struct {
	place

	Signer string    `db:"signer"`
	Reason string    `db:"reason"`
	At     time.Time `db:"at"`
}

// place is a host's of a motion.
type place struct {
	Seq  int    `db:"seq"`
	Host string `db:"host"`
}

func signOffs(ctx context.Context, q sqlx.QueryerContext, slug string) (map[place]*signOff, error) {
	var rows []signOff
	if err := sqlx.SelectContext(ctx, q, &rows, `SELECT seq, host, signer, reason, at FROM sign_off WHERE slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	said := make(map[place]*signOff, len(rows))
	for i, r := range rows {
		said[r.place] = &rows[i]
	}
	return said, nil
}

// told is what each host has said of a motion, in the rulebook's order.
func told(rules *rulebook.Rulebook, seq int, said map[place]*signOff) (all []review.SignOff) {
	for _, h := range rules.Decision.SignOff {
		one := review.SignOff{Host: h.ID, Title: h.Title}
		if s := said[place{seq, h.ID}]; s != nil {
			one.Signer, one.Reason, one.At = s.Signer, s.Reason, moment(sql.NullTime{Time: s.At, Valid: true})
		}
		all = append(all, one)
	}
	return all
}

func hostIDs(rules *rulebook.Rulebook) (ids []string) {
	for _, h := range rules.Decision.SignOff {
		ids = append(ids, h.ID)
	}
	return ids
}

// hadVotes tells whether a motion came to the hosts.
func hadVotes(outcome string) bool {
	return slices.Contains([]string{review.AwaitsHosts, review.Approved, review.Returned, review.Fallen}, outcome)
}
