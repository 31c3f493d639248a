package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// CheckAudit is `laurel admin check-audit`.
type CheckAudit struct {
	config.Database `embed:""`

	KeyFile string `name:"audit-key-file" env:"AUDIT_KEY_FILE" type:"path" help:"The key; default: keys/audit in the data directory."`
}

// Run prints what it found of each service, and fails where something is wrong.
func (c *CheckAudit) Run(ctx context.Context) error {
	dir, err := c.Dir()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(cmp.Or(c.KeyFile, filepath.Join(dir, config.KeysDir, "audit")))
	if err != nil {
		return err
	}
	signer, err := ballotlog.ReadSigner(string(text))
	if err != nil {
		return err
	}
	problems := 0
	for _, service := range event.Services() {
		r, err := withDatabase(ctx, c.Database, service, func(db *sqlx.DB) (audit.Report, error) {
			return audit.Check(ctx, db, service, signer.Public())
		})
		if err != nil {
			return fmt.Errorf("%s: %w", service, err)
		}
		fmt.Printf("%-10s %d entries, %d of them under a signed head\n", service, r.Entries, r.Signed)
		for _, problem := range r.Problems {
			fmt.Printf("%-10s %s\n", service, problem)
		}
		problems += len(r.Problems)
	}
	if problems > 0 {
		return fmt.Errorf("the audit log has %d problem(s)", problems)
	}
	return nil
}

// EraseAudit is `laurel admin erase-audit`.
type EraseAudit struct {
	config.Database `embed:""`

	Service string `required:"" help:"Whose log it is, as the entry says."`
	Entry   int64  `required:"" help:"The entry's id."`
	Field   string `required:"" help:"actor, name, reason, detail or request."`
	Reason  string `required:"" help:"Why; it goes into the log."`
}

// Run erases the field as the keeper of the service's schema, whom the user of
// DATABASE_URL must be able to become, as `laurel migrate`'s can.
func (c *EraseAudit) Run(ctx context.Context) error {
	reason := strings.TrimSpace(c.Reason)
	if len(audit.Reason(reason)) > 0 {
		return errors.New("the reason has 1 to 1,000 characters")
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "admin", Name: "laurel admin"})
	_, err := withDatabase(ctx, c.Database, c.Service, func(db *sqlx.DB) (struct{}, error) {
		clock, err := pg.NewClock(ctx, db)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, audit.Erase(ctx, db, c.Service, clock.Now().UTC().Truncate(time.Microsecond), c.Entry, c.Field, reason)
	})
	return err
}

// withDatabase opens a service's database for one look or act.
func withDatabase[Out any](ctx context.Context, urls config.Database, service string, do func(db *sqlx.DB) (Out, error)) (out Out, err error) {
	url, err := urls.Of(service)
	if err != nil {
		return out, err
	}
	db, err := pg.Open(ctx, pg.Config{URL: url, Service: service, MaxOpen: 2})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}
