// Package mail sends letters to members of staff. A letter is queued in the
// transaction of what it tells, and leaves at least once: after a crash between
// sending and noting it, the same letter, with the same Message-ID, comes again.
package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
)

// Kind is what a letter is about; each has a template.
type Kind string

// The kinds of letter.
const (
	Invitation      Kind = "invitation" // with a link
	Reset           Kind = "reset"      // with a link
	RoleGiven       Kind = "role_given" // to an account that needs no link
	Code            Kind = "code"       // a voter's, with a link that has it filled in
	Claimed         Kind = "claimed"    // by a link that somebody handed over
	PasswordChanged Kind = "password_changed"
	SessionsEnded   Kind = "sessions_ended"
	Disabled        Kind = "disabled"
	Enabled         Kind = "enabled"
	FactorAdded     Kind = "factor_added"
	FactorRemoved   Kind = "factor_removed"
	RecoveryRenewed Kind = "recovery_renewed"
	RecoveryUsed    Kind = "recovery_used"
	SecondFailed    Kind = "second_failed" // by whoever knows the password
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{
		Invitation, Reset, RoleGiven, Code, Claimed, PasswordChanged, SessionsEnded, Disabled, Enabled,
		FactorAdded, FactorRemoved, RecoveryRenewed, RecoveryUsed, SecondFailed,
	}
}

// hasLink tells whether a kind of letter holds a secret, in a link.
func (k Kind) hasLink() bool { return k == Invitation || k == Reset || k == Code }

// bounded are the kinds of letter that wait in one bounded queue with k; none: k
// has no bound. An invitation is one whatever its letter says: who invites does not
// learn from a full queue whether there is an account.
func (k Kind) bounded() []Kind {
	switch k {
	case Invitation, RoleGiven:
		return []Kind{Invitation, RoleGiven}
	case Reset:
		return []Kind{Reset}
	}
	return nil
}

// Letter is what somebody is told.
type Letter struct {
	Kind    Kind
	Address string
	Said    Said
}

// Said is what differs between letters of a kind. It holds no secret.
type Said struct {
	By     string `json:"by,omitempty"`     // email of who invites
	Slug   string `json:"slug,omitempty"`   // selection
	Reason string `json:"reason,omitempty"` // why an account is disabled or enabled
	Factor string `json:"factor,omitempty"` // kind that was added or removed
	Left   *int   `json:"left,omitempty"`   // codes of recovery
	Member string `json:"member,omitempty"` // of a roster, whose code it is
}

const (
	// most letters of a kind go to an address in an hour, whoever asks for them.
	// Those sent before say the same.
	most   = 5
	within = time.Hour
	// maxQueued bounds the letters that wait to tell what strangers and organizers
	// ask for: resets, and invitations. Others have no bound: an account is disabled,
	// and a password changed, whoever floods us.
	maxQueued = 20_000
)

// ErrFull says that too many letters of a kind wait.
var ErrFull = fault.NewUnavailable("mail_queue_full", "too much mail waits to be sent; try again later", 10*time.Minute)

// Queue is the letters of an installation. One whose Config has no URL takes
// none.
type Queue struct {
	deps run.Deps
	cfg  Config
	via  *relay // nil: none
}

// New makes the queue, and checks the settings of what sends it.
func New(deps run.Deps, cfg Config) (*Queue, error) {
	q := &Queue{deps: deps, cfg: cfg}
	if cfg.URL == "" {
		return q, nil
	}
	var err error
	q.via, err = newRelay(cfg)
	return q, err
}

// Off is a queue that takes no letters.
func Off() *Queue { return &Queue{} }

// On tells whether letters are sent.
func (q *Queue) On() bool { return q.via != nil }

// Add queues a letter. One too many of a selection to an address is dropped: what
// it says has been sent. Fault: ErrFull.
func (q *Queue) Add(ctx context.Context, tx *sqlx.Tx, l Letter) error {
	if !q.On() {
		return nil
	}
	// Letters to an address are counted one after the other.
	if err := pg.Lock(ctx, tx, "mail/"+l.Address); err != nil {
		return err
	}
	said, err := json.Marshal(l.Said)
	if err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	now := q.deps.Time()
	var full bool
	if err := tx.GetContext(ctx, &full, `
		WITH waiting AS (SELECT count(*) AS n FROM (SELECT 1 FROM mail WHERE state IN ('queued', 'held') AND kind = ANY ($9) LIMIT $8) q),
		recent AS (SELECT count(*) AS n FROM mail WHERE address = $3 AND kind = $2 AND slug IS NOT DISTINCT FROM nullif($10, '') AND created_at > $7),
		added AS (
			INSERT INTO mail (id, kind, address, said, created_at, due_at, slug, wording)
			SELECT $1, $2, $3, $4, $5, $5, nullif($10, ''), (SELECT coalesce(max(version), 0) FROM wording WHERE slug = $10)
			FROM waiting, recent WHERE recent.n < $6 AND waiting.n < $8)
		SELECT n >= $8 FROM waiting`,
		id, l.Kind, l.Address, string(said), now, most, now.Add(-within), maxQueued, pq.Array(l.Kind.bounded()), l.Said.Slug); err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	if full {
		return ErrFull
	}
	return nil
}

// AddCodes queues letters with codes, in their order, and gives the id of each;
// empty: its address has had too many of the selection.
func (q *Queue) AddCodes(ctx context.Context, tx *sqlx.Tx, letters []Letter) (ids []string, err error) {
	ids = make([]string, len(letters))
	addresses, sayings := make([]string, len(letters)), make([]string, len(letters))
	for i, l := range letters {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("queue mail: %w", err)
		}
		said, err := json.Marshal(l.Said)
		if err != nil {
			return nil, fmt.Errorf("queue mail: %w", err)
		}
		ids[i], addresses[i], sayings[i] = id.String(), l.Address, string(said)
	}
	now := q.deps.Time()
	var added []string
	if err := tx.SelectContext(ctx, &added, `
		INSERT INTO mail (id, kind, address, slug, said, created_at, due_at, wording)
		SELECT n.id, $4, n.address, n.said->>'slug', n.said, $5, $5, (SELECT coalesce(max(w.version), 0) FROM wording w WHERE w.slug = n.said->>'slug')
		FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS n (id, address, said)
		WHERE (SELECT count(*) FROM mail m WHERE m.address = n.address AND m.slug = n.said->>'slug' AND m.kind = $4 AND m.created_at > $6) < $7
		RETURNING id`, pq.Array(ids), pq.Array(addresses), pq.Array(sayings), Code, now, now.Add(-within), most); err != nil {
		return nil, fmt.Errorf("queue mail: %w", err)
	}
	there := make(map[string]bool, len(added))
	for _, id := range added {
		there[id] = true
	}
	for i, id := range ids {
		if !there[id] {
			ids[i] = ""
		}
	}
	return ids, nil
}

// Unsent is a letter that waits, is held or was given up.
type Unsent struct {
	ID        string    `db:"id"`
	Kind      Kind      `db:"kind"`
	Address   string    `db:"address"`
	State     string    `db:"state"` // queued, held, dead
	CreatedAt time.Time `db:"created_at"`
	DueAt     time.Time `db:"due_at"`
	Tries     int       `db:"tries"`
	Error     string    `db:"error"` // of the last try
}

// List gives the letters that were not sent, oldest first.
func List(ctx context.Context, db *sqlx.DB) ([]Unsent, error) {
	var all []Unsent
	if err := db.SelectContext(ctx, &all, `
		SELECT id, kind, address, state, created_at, due_at, tries, error
		FROM mail WHERE state IN ('queued', 'held', 'dead') ORDER BY created_at, id`); err != nil {
		return nil, fmt.Errorf("list mail: %w", err)
	}
	return all, nil
}

// Last gives what became of the last letter that told of a role in a selection, by
// address.
func Last(ctx context.Context, db *sqlx.DB, slug string, addresses []string) (map[string]identity.Letter, error) {
	var rows []struct {
		Address   string               `db:"address"`
		State     identity.LetterState `db:"state"`
		CreatedAt time.Time            `db:"created_at"`
		DueAt     time.Time            `db:"due_at"`
		Tries     int                  `db:"tries"`
		Error     string               `db:"error"`
	}
	if err := db.SelectContext(ctx, &rows, `
		SELECT DISTINCT ON (address) address, `+stateNow+` AS state, created_at, due_at, tries, error
		FROM mail WHERE kind = ANY($1) AND slug = $2 AND address = ANY($3) ORDER BY address, created_at DESC, id DESC`,
		pq.Array([]Kind{Invitation, RoleGiven}), slug, pq.Array(addresses)); err != nil {
		return nil, fmt.Errorf("last letters: %w", err)
	}
	last := map[string]identity.Letter{}
	for _, r := range rows {
		last[r.Address] = identity.Letter{State: r.State, CreatedAt: r.CreatedAt.UTC(), DueAt: r.DueAt.UTC(), Tries: r.Tries, Error: r.Error}
	}
	return last, nil
}
