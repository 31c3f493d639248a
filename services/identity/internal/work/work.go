// Package work sees to it that a proof of work gives one credential.
package work

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
)

// signatureSize is of a challenge's signature, HMAC-SHA-256, in bytes.
const signatureSize = 32

// Voters issues credentials, of those asked for with a work one a work.
type Voters struct {
	deps run.Deps
	next Issuer
}

// Issuer is who issues them.
type Issuer interface {
	ProveVoter(ctx context.Context, in identity.ProveVoter) (identity.Credential, error)
}

// New records in deps' database the works of the credentials that next issues.
func New(deps run.Deps, next Issuer) *Voters { return &Voters{deps, next} }

// ProveVoter implements identity.Service. Of several that use the same work,
// through whatever gateway, one gets a credential. Bad input uses none.
func (v *Voters) ProveVoter(ctx context.Context, in identity.ProveVoter) (identity.Credential, error) {
	if in.Work == nil {
		return v.next.ProveVoter(ctx, in)
	}
	if len(in.Work.Signature) != signatureSize {
		return identity.Credential{}, identity.ErrInvalid.At(fault.Field{Name: "work", Message: "has no signature of 32 bytes"})
	}
	if !v.deps.Now().Before(in.Work.ExpiresAt) {
		return identity.Credential{}, identity.ErrWorkExpired
	}
	issued, err := v.next.ProveVoter(ctx, in)
	if err == nil {
		err = spend(ctx, v.deps.DB, *in.Work)
	}
	if err != nil {
		return identity.Credential{}, err
	}
	return issued, nil
}

// spend records a work as used; its uniqueness is the rule.
func spend(ctx context.Context, db sqlx.ExecerContext, work identity.Work) error {
	done, err := db.ExecContext(ctx, `INSERT INTO work (signature, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, work.Signature, work.ExpiresAt)
	if err != nil {
		return fmt.Errorf("record work: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return fmt.Errorf("record work: %w", err)
	} else if n == 0 {
		return identity.ErrWorkUsed
	}
	return nil
}
