package event

import (
	"crypto/sha256"
	"encoding/hex"
)

// CodesReplaced says which members of a roster have a new code, so that what
// was issued for an earlier one votes no more. Its versions count the
// replacements of a selection.
type CodesReplaced struct {
	// Generations is how often each voter's code has been replaced, by their
	// VoterHash: the id itself, from which pseudonyms are made, stays with those
	// who cast. JSON sorts the hashes, so their order tells nothing.
	Generations map[string]uint32 `json:"generations"`
}

// EventType implements Payload.
func (CodesReplaced) EventType() Type { return Type{"codes_replaced", 1} }

// ReplacedAggregate is what the versions of CodesReplaced count.
const ReplacedAggregate = "codes"

// VoterHash stands for a voter of a selection where their id is not to be read:
// 32 hex digits. The id has 128 bits that nobody can guess, so the hash does not
// lead back to it, nor to the pseudonyms that are made of it.
func VoterHash(slug string, voter [16]byte) string {
	sum := sha256.Sum256(append([]byte("laurel voter hash v1\x00"+slug+"\x00"), voter[:]...))
	return hex.EncodeToString(sum[:16])
}

// RosterClosed asks, once the tally is sealed, which voters of a roster have a
// ballot. The blob is their ids, 16 bytes each, ascending: they are of a keyed
// hash, so it tells neither names nor the roster's order. It is deleted once it
// has been answered.
type RosterClosed struct {
	Voters string `json:"voters"` // blob, SHA-256, hex
}

// EventType implements Payload.
func (RosterClosed) EventType() Type { return Type{"roster_closed", 1} }

func identityEvents() []Spec {
	from, to := []string{Identity}, []string{Voting}
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	return []Spec{
		{
			CodesReplaced{map[string]uint32{"0f4c2c6a5d0b4b1e9a7d3e8f6b1a2c3d": 1}},
			ReplacedAggregate, from, to,
			"Members of a roster have new codes; what was issued for an earlier one votes no more.",
		},
		{RosterClosed{hash}, "roster", from, to, "The vote is over: which voters of the roster have a ballot?"},
	}
}
