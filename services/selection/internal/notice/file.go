package notice

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
)

// coming is an objection that is being taken.
type coming struct {
	selection.FileObjection

	code       string
	at         time.Time
	receivedOn time.Time // midnight UTC of the day
	postmark   *time.Time
	late       bool
	due        *time.Time
	files      []selection.ObjectionFile
}

// FileObjection implements selection.Service.
func (n *Notices) FileObjection(ctx context.Context, in selection.FileObjection) (out selection.Filed, err error) {
	in.Text, in.Name, in.Contact = strings.TrimSpace(in.Text), strings.TrimSpace(in.Name), strings.TrimSpace(in.Contact)
	if in.Anonymous {
		in.Name, in.Contact = "", ""
	}
	if err := selection.Invalid(in.Check()...); err != nil {
		return out, err
	}
	if _, err := store.Read(ctx, n.deps.DB, in.Slug); err != nil {
		return out, err
	}
	one := coming{FileObjection: in, code: rand.Text(), at: n.deps.Time()}
	if one.files, err = n.evidence(ctx, in.Files); err != nil {
		return out, err
	}
	err = pg.InTx(ctx, n.deps.DB, func(tx *sqlx.Tx) (err error) {
		out, err = n.file(ctx, tx, one)
		return err
	})
	return out, err
}

// file takes an objection, if it may still be made.
func (n *Notices) file(ctx context.Context, tx *sqlx.Tx, one coming) (out selection.Filed, err error) {
	// Publication waits for objections: the same lock keeps one from coming meanwhile.
	if _, err := tx.ExecContext(ctx, `SELECT slug FROM selection WHERE slug = $1 FOR UPDATE`, one.Slug); err != nil {
		return out, fmt.Errorf("objection: %w", err)
	}
	sel, err := store.Read(ctx, tx, one.Slug)
	if err != nil {
		return out, err
	}
	rules, err := rulebook.Parse(sel.Rulebook)
	if err != nil {
		return out, fmt.Errorf("objection: %w", err)
	}
	all, err := runs(ctx, tx, one.Slug)
	if err != nil {
		return out, err
	}
	if len(all) == 0 {
		return out, selection.ErrNoNotice
	}
	last := all[len(all)-1].ClosesAt
	staff := actor.From(ctx).Kind == actor.Staff
	if sel.PublishedAt != nil || !staff && !one.at.Before(last) {
		return out, selection.ErrNoticeOver
	}
	wrong := one.judge(rules, last, staff)
	known, err := exists(ctx, tx, one.Slug, one.Candidate)
	if err != nil {
		return out, err
	}
	if !known {
		wrong = append(wrong, fault.Wrong("candidate", "candidate_unknown", "there is no candidate {number}", "number", one.Candidate))
	}
	if err := selection.Invalid(wrong...); err != nil {
		return out, err
	}
	if one.due, err = n.due(rules, one.at); err != nil {
		return out, err
	}
	return n.write(ctx, tx, one)
}

func exists(ctx context.Context, tx *sqlx.Tx, slug string, number int) (is bool, err error) {
	if err := tx.GetContext(ctx, &is, `SELECT EXISTS (SELECT FROM candidate WHERE slug = $1 AND number = $2::bigint)`, slug, number); err != nil {
		return false, fmt.Errorf("objection: %w", err)
	}
	return is, nil
}

// judge reads the days, tells whether the objection is within the notice, and what
// the rulebook does not take.
func (c *coming) judge(rules *rulebook.Rulebook, closes time.Time, staff bool) (wrong []fault.Field) {
	today := dayOf(c.at.In(rules.Location()))
	c.receivedOn = today
	if !staff {
		c.Via, c.ReceivedOn, c.Postmark = selection.ViaForm, "", ""
	} else if !slices.Contains(selection.Vias(), c.Via) {
		wrong = append(wrong, fault.OneOf("via", selection.Vias()...))
	}
	read := func(field, text string) *time.Time {
		if text == "" {
			return nil
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			wrong = append(wrong, fault.Wrong(field, "day_malformed", `"{value}" is not a day such as 2026-05-01`, "value", text))
			return nil
		}
		if day.After(today) {
			wrong = append(wrong, fault.Wrong(field, "day_ahead", "{value} is yet to come", "value", text))
		}
		return &day
	}
	if day := read("received_on", c.ReceivedOn); day != nil {
		c.receivedOn = *day
	}
	if c.postmark = read("postmark", c.Postmark); c.postmark != nil && c.Via != selection.ViaLetter {
		wrong = append(wrong, fault.Wrong("postmark", "postmark_without_letter", "only a letter has a postmark"))
	}
	counts := c.receivedOn
	if rules.Notice.Objections.Counts() == rulebook.ByPostmark && c.postmark != nil {
		counts = *c.postmark
	}
	// The last day is that of the last minute.
	c.late = staff && counts.After(dayOf(closes.Add(-time.Nanosecond).In(rules.Location())))
	if c.Anonymous && !rules.Notice.Objections.Anonymous {
		wrong = append(wrong, fault.Wrong("name", "anonymous_refused", "the rulebook takes no anonymous objections"))
	}
	if c.Anonymous && rules.Notice.Objections.Anonymous && len(c.files) == 0 {
		wrong = append(wrong, fault.Wrong("files", "evidence_missing", "an anonymous objection is taken with evidence alone"))
	}
	return wrong
}

// dayOf is the day of a time in its own timezone, as midnight UTC.
func dayOf(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// due is until when an objection is to be decided; nil: the holidays of that year
// are not known.
func (n *Notices) due(rules *rulebook.Rulebook, now time.Time) (*time.Time, error) {
	name := rules.Phases.Notice.Calendar
	if name == "" {
		name = calendar.Weekdays
	}
	c, err := calendar.Named(name)
	if err != nil {
		return nil, fmt.Errorf("objection: %w", err)
	}
	at, err := c.With(n.holidays).AddWorkingDays(now, rules.Notice.Objections.Within(), rules.Location())
	if errors.Is(err, calendar.ErrNoData) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("objection: %w", err)
	}
	at = at.UTC()
	return &at, nil
}

// write keeps an objection; its code is told this once, and kept as its hash.
func (n *Notices) write(ctx context.Context, tx *sqlx.Tx, one coming) (out selection.Filed, err error) {
	out = selection.Filed{Code: one.code, Late: one.late}
	if err := tx.GetContext(ctx, &out.Number, `
		INSERT INTO objection (slug, number, code, candidate, text, name, contact, anonymous, via, received_at, received_on, postmark, late, due_at)
		SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM objection WHERE slug = $1
		RETURNING number`,
		one.Slug, hashed(one.code), one.Candidate, one.Text, one.Name, one.Contact, one.Anonymous, one.Via, one.at,
		one.receivedOn, one.postmark, one.late, one.due); err != nil {
		return out, fmt.Errorf("objection: %w", err)
	}
	for i, f := range one.files {
		if _, err := tx.ExecContext(ctx, `INSERT INTO objection_file (slug, number, seq, name, media, size, blob) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			one.Slug, out.Number, i+1, f.Name, f.Media, f.Size, f.Blob); err != nil {
			return out, fmt.Errorf("objection: %w", err)
		}
	}
	if actor.From(ctx).Kind != actor.Staff { // from where it came would tell who made it
		ctx = actor.With(ctx, actor.Actor{Kind: actor.Public})
	}
	return out, audit.Record(ctx, tx, one.at, one.Slug, "file_objection", "", map[string]any{"objection": out.Number, "via": one.Via})
}

// hashed is what is kept of a code.
func hashed(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// evidence takes uploads: photos and PDF, told by their first bytes.
func (n *Notices) evidence(ctx context.Context, uploads []selection.ObjectionUpload) (files []selection.ObjectionFile, err error) {
	var wrong []fault.Field
	for i, u := range uploads {
		field := fmt.Sprintf("files[%d]", i)
		body, size, err := n.deps.Blobs.In(blob.Uploads).Open(ctx, u.Blob)
		if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
			wrong = append(wrong, fault.Wrong(field, "no_upload", "there is no such upload"))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		one, refused, err := n.take(ctx, field, u.Name, body, size)
		if err := errors.Join(err, body.Close()); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		if refused != nil {
			wrong = append(wrong, *refused)
			continue
		}
		files = append(files, one)
	}
	return files, selection.Invalid(wrong...)
}

// take keeps one upload.
func (n *Notices) take(ctx context.Context, field, name string, body io.Reader, size int64) (one selection.ObjectionFile, refused *fault.Field, err error) {
	refuse := func(code, message string, params ...any) (selection.ObjectionFile, *fault.Field, error) {
		f := fault.Wrong(field, code, message, params...)
		return one, &f, nil
	}
	if size > selection.MaxObjectionFile {
		return refuse("too_many_bytes", "has more than {max} MB", "max", selection.MaxObjectionFile>>20)
	}
	head := make([]byte, 8)
	read, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return one, nil, err
	}
	head = head[:read]
	media := mediaOf(head)
	if media == "" {
		return refuse("evidence_kind", "is neither a photo (JPEG, PNG) nor a PDF")
	}
	ref, err := n.deps.Blobs.Put(ctx, io.MultiReader(bytes.NewReader(head), body), selection.MaxObjectionFile)
	if err != nil {
		return one, nil, err
	}
	if runes := []rune(strings.ToValidUTF8(name, "")); len(runes) > 100 {
		name = string(runes[:100])
	}
	return selection.ObjectionFile{Name: strings.ToValidUTF8(name, ""), Media: media, Size: ref.Size, Blob: ref.Hash}, nil, nil
}

// mediaOf tells the kind of a file by its first bytes; empty: none that is taken.
func mediaOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xd8, 0xff}):
		return "image/jpeg"
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return "application/pdf"
	}
	return ""
}

// FollowObjection implements selection.Service.
func (n *Notices) FollowObjection(ctx context.Context, in selection.FollowObjection) (selection.Followed, error) {
	var row row
	err := n.deps.DB.GetContext(ctx, &row, `SELECT `+columns+` FROM objection o WHERE slug = $1 AND code = $2`,
		in.Slug, hashed(strings.ToUpper(strings.TrimSpace(in.Code))))
	if errors.Is(err, sql.ErrNoRows) {
		return selection.Followed{}, selection.ErrCode
	}
	if err != nil {
		return selection.Followed{}, fmt.Errorf("follow objection: %w", err)
	}
	return row.objection().Followed, nil
}
