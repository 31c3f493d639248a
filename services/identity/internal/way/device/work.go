package device

import (
	"context"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/identity"
)

// signatureSize is of a challenge's signature, HMAC-SHA-256, in bytes.
const signatureSize = 32

// spend records a work as used; its uniqueness is the rule. Faults:
// ErrWorkExpired, ErrWorkUsed.
func (d *Devices) spend(ctx context.Context, work identity.Work) error {
	if !d.deps.Now().Before(work.ExpiresAt) {
		return identity.ErrWorkExpired
	}
	done, err := d.deps.DB.ExecContext(ctx, `INSERT INTO work (signature, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		work.Signature, work.ExpiresAt)
	if err != nil {
		return fmt.Errorf("record work: %w", pg.Settled(err))
	}
	if n, err := done.RowsAffected(); err != nil {
		return fmt.Errorf("record work: %w", err)
	} else if n == 0 {
		return identity.ErrWorkUsed
	}
	return nil
}
