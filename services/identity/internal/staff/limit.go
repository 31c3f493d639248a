package staff

import (
	"context"
	"fmt"
	"math/bits"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// rate is how many tries may fail at once, and how long it takes until one more
// may. Nobody is locked out: whoever waits that long may try again.
type rate struct {
	burst int
	each  time.Duration
}

// The rates of failed tries.
var (
	// ofAccount is an account's, known or not, from wherever its holder has not
	// signed in: 970 a day at most.
	ofAccount = rate{10, 90 * time.Second}
	// ofHome is an account's from one network where its holder has signed in. It
	// is in place of all others, so that nobody elsewhere can keep the holder out.
	ofHome = rate{10, 30 * time.Second}
	// ofNetwork is an address's or a household's, over all accounts.
	ofNetwork = rate{50, 6 * time.Second}
	// ofSecond is an account's wrong second factors, of whoever knows the password:
	// 106 a day at most, of the million that a code can be.
	ofSecond = rate{10, 15 * time.Minute}
	// ofAround is that of what is around a network.
	ofAround = rate{20 * ofNetwork.burst, ofNetwork.each / 20}
)

const (
	homesKept     = 20                  // networks of an account
	homeLife      = 90 * 24 * time.Hour // since the last sign-in from there
	failureWindow = 15 * time.Minute    // of the audit log's counts
	pruneAtOnce   = 20                  // rows that a try removes at most; it adds fewer
)

// count is what a try is counted by.
type count struct {
	key []byte
	rate
}

// try is a try to sign in that has been counted, as if it had failed.
type try struct {
	identity.SignIn
	account string // empty: there is none
	phc     string
	home    bool    // the network is one of the holder's
	counts  []count // the account's is the last
}

// key hashes what is counted, so that the table names nobody.
func (s *Staff) key(parts ...string) []byte {
	sum := s.mac.Sum(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}

// begin counts a try before its password is looked at, in the write that says
// whether it may be: of many at once no more than the rate allows are evaluated.
// An account that does not exist is counted as one that does. Fault:
// ErrTooManyTries.
func (s *Staff) begin(ctx context.Context, in identity.SignIn) (t try, err error) {
	t = try{SignIn: in, phc: s.hasher.decoy}
	t.Email = normalize(in.Email)
	now := s.deps.Time()
	var found []struct {
		ID, Password string
		Home         bool
	}
	if err := s.deps.DB.SelectContext(ctx, &found, `
		SELECT id, password, EXISTS (SELECT FROM sign_in_network WHERE account = id AND network = $2 AND at > $3) AS home
		FROM account WHERE email = $1 AND password IS NOT NULL`, t.Email, s.key("network", in.Network), now.Add(-homeLife)); err != nil {
		return t, fmt.Errorf("sign in: %w", err)
	}
	if len(found) > 0 {
		t.account, t.phc, t.home = found[0].ID, found[0].Password, found[0].Home
	}
	t.counts = s.counts(t)
	return t, pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		for _, c := range t.counts { // in this order everywhere: nobody waits for each other
			if err := c.take(ctx, tx, now); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sign_in_try WHERE key IN (
				SELECT key FROM sign_in_try WHERE whole <= $1 ORDER BY whole LIMIT $2 FOR UPDATE SKIP LOCKED)`, now, pruneAtOnce)
		return err
	})
}

// counts are what a try is counted by.
func (s *Staff) counts(t try) (counts []count) {
	if t.home {
		return []count{{s.key("home", t.account, t.Network), ofHome}}
	}
	if t.Network != "" {
		counts = []count{{s.key("around", t.Around), ofAround}, {s.key("network", t.Network), ofNetwork}}
	}
	return append(counts, count{s.key("account", t.Email), ofAccount})
}

// take uses one of an allowance, or tells how long until there is one. It is the
// generic cell rate algorithm (ITU-T I.371): all that is kept is when the
// allowance is whole again. Where that is further off than it can be, the clock
// was set back, and the allowance begins anew.
func (c count) take(ctx context.Context, tx *sqlx.Tx, now time.Time) error {
	all := time.Duration(c.burst) * c.each
	res, err := tx.ExecContext(ctx, `
		INSERT INTO sign_in_try AS t (key, whole) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET whole = CASE WHEN t.whole > $5 THEN $3 ELSE greatest(t.whole, $3) END + (excluded.whole - $3::timestamptz)
		WHERE t.whole <= $4 OR t.whole > $5`, c.key, now.Add(c.each), now, now.Add(all-c.each), now.Add(2*all))
	if err != nil {
		return fmt.Errorf("count a try: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	var whole time.Time
	if err := tx.GetContext(ctx, &whole, `SELECT whole FROM sign_in_try WHERE key = $1`, c.key); err != nil {
		return fmt.Errorf("count a try: %w", err)
	}
	f := *identity.ErrTooManyTries
	f.RetryAfter = min(max(whole.Sub(now)-(all-c.each), time.Second), all)
	return &f
}

// succeeded gives back what a try was counted by: the account's allowance is
// whole again, the network's as it was before. And the network is one of the
// holder's from now on.
func (s *Staff) succeeded(ctx context.Context, tx *sqlx.Tx, t try, now time.Time) error {
	if err := came(ctx, tx, t.account, now); err != nil {
		return err
	}
	for i, c := range t.counts {
		if i == len(t.counts)-1 {
			if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_try WHERE key = $1`, c.key); err != nil {
				return fmt.Errorf("signed in: %w", err)
			}
			break
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sign_in_try SET whole = whole - make_interval(secs => $2) WHERE key = $1`,
			c.key, c.each.Seconds()); err != nil {
			return fmt.Errorf("signed in: %w", err)
		}
	}
	if t.Network == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO sign_in_network (account, network, at) VALUES ($1, $2, $3)
		ON CONFLICT (account, network) DO UPDATE SET at = excluded.at`, t.account, s.key("network", t.Network), now); err != nil {
		return fmt.Errorf("signed in: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM sign_in_network WHERE account = $1 AND (at <= $2 OR network IN (
			SELECT network FROM sign_in_network WHERE account = $1 ORDER BY at DESC, network OFFSET $3))`,
		t.account, now.Add(-homeLife), homesKept); err != nil {
		return fmt.Errorf("signed in: %w", err)
	}
	return nil
}

// failed gives ErrSignIn. The audit log hears of an account's first failure from
// a network in a window, and of each time that their number has doubled. It
// names no account that is none: what was typed may be a password.
func (s *Staff) failed(ctx context.Context, t try) error {
	err := pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		now := s.deps.Time()
		failures, err := failure(ctx, tx, s.key("failures", t.account, t.Network), now)
		if err != nil || bits.OnesCount(failures) != 1 {
			return err
		}
		detail := signedIn{Network: t.Network, Failures: failures}
		if t.account != "" {
			detail.Email = t.Email
		}
		return audit.Record(ctx, tx, now, "", "sign_in_failed", "", detail)
	})
	if err != nil {
		return err
	}
	return identity.ErrSignIn
}

// failure counts one, and gives how many there are in this window.
func failure(ctx context.Context, tx *sqlx.Tx, key []byte, now time.Time) (failures uint, err error) {
	if err := tx.GetContext(ctx, &failures, `
		INSERT INTO sign_in_failure AS f (key, failures, since) VALUES ($1, 1, $2)
		ON CONFLICT (key) DO UPDATE SET
			failures = CASE WHEN f.since > $3 THEN f.failures + 1 ELSE 1 END,
			since = CASE WHEN f.since > $3 THEN f.since ELSE excluded.since END
		RETURNING failures`, key, now, now.Add(-failureWindow)); err != nil {
		return 0, fmt.Errorf("sign in failed: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM sign_in_failure WHERE key IN (
			SELECT key FROM sign_in_failure WHERE since <= $1 ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED)`,
		now.Add(-failureWindow), pruneAtOnce); err != nil {
		return 0, fmt.Errorf("sign in failed: %w", err)
	}
	return failures, nil
}

// signedIn is what the audit log says of a sign-in.
type signedIn struct {
	Email    string `json:"email,omitempty"` // empty: of no account
	Network  string `json:"network,omitempty"`
	Failures uint   `json:"failures,omitempty"` // from there, since the first of them

	Factors []string `json:"factors,omitempty"` // by what it was proved
}
