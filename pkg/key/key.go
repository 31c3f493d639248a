// Package key has rooms know their keys again. What was made with a key means
// nothing under another: a member would vote twice, a voter would hear that no
// ballot of theirs is recorded, a promise could not be kept. So a room keeps of each
// key a check in its database, which tells which key it is and does not give it away,
// and does not open with another.
package key

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed migrations
var migrations embed.FS

// Set is the table of checks, for each service's schema.
func Set() pg.Set { return pg.Embedded("migration_key", migrations) }

// refused is registered once a process, like every metric.
var refused = promauto.NewGaugeVec(prometheus.GaugeOpts{
	Name: "laurel_keys_refused", Help: "1 for a key that is missing, or not the one that the service's data were made with: the service does not open.",
}, []string{"service", "key"})

// Key is a key as a room knows it again.
type Key struct {
	Name   string   `json:"name"`   // of its file: keys/NAME in the data directory, or what NAME_KEY_FILE says
	Checks []string `json:"checks"` // one for a secret; those of all its public keys for one that signs
	// Data is a query that tells whether the room has data that were made with the
	// key. Without them another key may take its place.
	Data string `json:"-"`
	// Before is a query for the check that data from before the table of checks tell
	// of; it is empty where they tell none.
	Before string `json:"-"`
}

// Secret is the key with the check of a secret.
func (k Key) Secret(secret []byte) Key {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("laurel key check v1: " + k.Name))
	k.Checks = []string{hex.EncodeToString(mac.Sum(nil)[:16])}
	return k
}

// Signer is the key with the checks of one that signs.
func (k Key) Signer(s ballotlog.Signer) Key {
	k.Checks = s.Public().Texts()
	return k
}

// The faults of a room whose keys are not its own. Param "keys" names them, with
// spaces between; param "service" is the room.
var (
	// ErrUnknown says that a key is another than the one that the data were made with.
	ErrUnknown = fault.NewUnavailable("key_unknown", "a key is not the one that the data were made with", time.Minute)
	// ErrMissing says that a key is not there, and that data were made with it.
	ErrMissing = fault.NewUnavailable("key_missing", "a key is missing that data were made with", time.Minute)
)

// Unknown is ErrUnknown for a room, and how to bring the keys back.
func Unknown(service string, names ...string) *fault.Error {
	return named(ErrUnknown, "not what the data were made with", service, names)
}

// Missing is ErrMissing for a room, and how to bring the keys back.
func Missing(service string, names ...string) *fault.Error {
	return named(ErrMissing, "missing", service, names)
}

func named(f *fault.Error, what, service string, names []string) *fault.Error {
	files, settings := make([]string, len(names)), make([]string, len(names))
	for i, name := range names {
		refused.WithLabelValues(service, name).Set(1)
		files[i], settings[i] = "keys/"+name, strings.ToUpper(name)+"_KEY_FILE"
	}
	f = f.With("service", service).With("keys", strings.Join(names, " "))
	f.Message = fmt.Sprintf("%s does not open: its key %s is %s. "+
		"Put %s in the data directory (or the file of %s) back as it was, from the copy of the keys, and start again",
		service, strings.Join(names, ", "), what, strings.Join(files, ", "), strings.Join(settings, ", "))
	return f
}

// Needed are the names of the keys that a room's data were made with: one of them
// that is missing is never made anew.
func Needed(ctx context.Context, db *sqlx.DB, keys []Key) (names []string, err error) {
	for _, k := range keys {
		needed, err := k.needed(ctx, db)
		if err != nil {
			return nil, err
		}
		if needed {
			names = append(names, k.Name)
		}
	}
	return names, nil
}

func (k Key) needed(ctx context.Context, q sqlx.QueryerContext) (needed bool, err error) {
	if err := sqlx.GetContext(ctx, q, &needed, k.Data); err != nil {
		return false, fmt.Errorf("data of the key %s: %w", k.Name, err)
	}
	return needed, nil
}

// Recognize holds a room's keys to their checks. Of a key that has none it records
// the check, and so of further public keys of one that signs. Fault: ErrUnknown.
func Recognize(ctx context.Context, db *sqlx.DB, service string, keys []Key) error {
	var unknown []string
	err := pg.InTx(ctx, db, func(tx *sqlx.Tx) error {
		unknown = nil
		if err := pg.Lock(ctx, tx, "keys/"+service); err != nil {
			return err
		}
		for _, k := range keys {
			if len(k.Checks) == 0 { // the room is run without it
				continue
			}
			known, err := k.recognize(ctx, tx)
			if err != nil {
				return err
			}
			if !known {
				unknown = append(unknown, k.Name)
			}
		}
		return nil
	})
	return verdict(err, service, unknown)
}

// Confirm tells whether keys are still those that are recorded; one that is not
// recorded is. Fault: ErrUnknown.
func Confirm(ctx context.Context, db *sqlx.DB, service string, keys []Key) error {
	var unknown []string
	for _, k := range keys {
		checks, err := k.recorded(ctx, db)
		if err != nil {
			return err
		}
		if len(checks) > 0 && !k.among(checks) {
			unknown = append(unknown, k.Name)
		}
	}
	return verdict(nil, service, unknown)
}

func verdict(err error, service string, unknown []string) error {
	if err == nil && len(unknown) > 0 {
		return Unknown(service, unknown...)
	}
	return err
}

// among tells whether one of the checks is the key's.
func (k Key) among(checks []string) bool {
	return slices.ContainsFunc(checks, func(check string) bool { return slices.Contains(k.Checks, check) })
}

func (k Key) recorded(ctx context.Context, q sqlx.QueryerContext) (checks pq.StringArray, err error) {
	err = sqlx.GetContext(ctx, q, &checks, `SELECT checks FROM key_check WHERE name = $1`, k.Name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("check of the key %s: %w", k.Name, err)
	}
	return checks, nil
}

func (k Key) recognize(ctx context.Context, tx *sqlx.Tx) (known bool, err error) {
	checks, err := k.recorded(ctx, tx)
	if err == nil && len(checks) == 0 && k.Before != "" {
		if err = tx.SelectContext(ctx, &checks, k.Before); err == nil && len(checks) > 0 {
			err = k.record(ctx, tx, checks)
		}
	}
	if err != nil {
		return false, err
	}
	if len(checks) > 0 && !k.among(checks) {
		needed, err := k.needed(ctx, tx)
		if err != nil || needed {
			return false, err
		}
		checks = nil
	}
	for _, check := range k.Checks {
		if !slices.Contains(checks, check) {
			checks = append(checks, check)
		}
	}
	return true, k.record(ctx, tx, checks)
}

func (k Key) record(ctx context.Context, tx *sqlx.Tx, checks pq.StringArray) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO key_check AS k (name, checks) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET checks = excluded.checks WHERE k.checks <> excluded.checks`, k.Name, checks); err != nil {
		return fmt.Errorf("check of the key %s: %w", k.Name, err)
	}
	return nil
}
