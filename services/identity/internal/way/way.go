// Package way is what the ways to be a voter have in common. Each is a package
// of its own beneath this one.
package way

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

// Way is one way to be a voter.
type Way interface {
	// Name is as rulebooks name it, and one of identity.Ways.
	Name() string
	// Check says what is wrong with a proof as it stands, before anything is
	// looked up.
	Check(in identity.ProveVoter) []fault.Field
	// Voter gives whose proof it is. It is called after Check.
	Voter(ctx context.Context, in identity.ProveVoter) (Voter, error)
}

// Voter is who proved to be one.
type Voter struct {
	ID         [16]byte // the same for the same voter of a selection, whatever they come with
	Generation uint32   // how often their code had been replaced
}

// Foreign gives the fields of proofs that belong to other ways. own is the field
// of this way's proof.
func Foreign(in identity.ProveVoter, own string) (fields []fault.Field) {
	for _, proof := range []struct {
		field string
		given bool
	}{
		{"code", in.Code != ""},
		{"work", in.Work != nil},
	} {
		if proof.given && proof.field != own {
			fields = append(fields, fault.Wrong(proof.field, "of_another_way", "belongs to another way than {way}", "way", in.Way))
		}
	}
	return fields
}
