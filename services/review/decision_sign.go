package review

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
)

// SignDecision is a host's signature of what the committee has approved. Who signs
// for the host has proved anew who they are.
type SignDecision struct {
	Slug   string `json:"slug"`
	Host   string `json:"host"`        // id in the rulebook
	Hash   string `json:"result_hash"` // of the result that was read
	Signer string `json:"signer"`      // the name that is shown; empty: the account's
}

// RefuseDecision is a host's word against it, which returns it to the committee.
type RefuseDecision struct {
	Slug   string `json:"slug"`
	Host   string `json:"host"`
	Hash   string `json:"result_hash"`
	Reason string `json:"reason"` // required
}

// Signing is what hosts sign, and how far they are.
type Signing struct {
	Slug   string    `json:"slug"`
	Motion Motion    `json:"motion"` // the last that was put, once it had the votes; else its outcome is NoMotion
	Awards []Awarded `json:"awards"` // by the result that the motion puts, best first; none before it is approved
	Hosts  []SignOff `json:"hosts"`  // in the rulebook's order; none where no host signs
}

// SignOff is what a host has said of the result that a motion put.
type SignOff struct {
	Host   string            `json:"host"`
	Title  map[string]string `json:"title"`
	Signer string            `json:"signer,omitempty"` // empty: the host has said nothing
	Reason string            `json:"reason,omitempty"` // why it refused; empty: it signed
	At     *time.Time        `json:"at,omitempty"`
}

// Signed tells whether the host has signed.
func (s SignOff) Signed() bool { return s.At != nil && s.Reason == "" }

// Awaits are the hosts of a motion that have yet to sign it.
func (m Motion) Awaits() (hosts []SignOff) {
	if m.Outcome != AwaitsHosts {
		return nil
	}
	for _, s := range m.SignOffs {
		if s.At == nil {
			hosts = append(hosts, s)
		}
	}
	return hosts
}

// Signatures are those of the hosts that have signed a motion.
func (m Motion) Signatures() (all []event.HostSignature) {
	for _, s := range m.SignOffs {
		if s.Signed() {
			all = append(all, event.HostSignature{Host: s.Host, Title: s.Title, Signer: s.Signer, At: *s.At})
		}
	}
	return all
}
