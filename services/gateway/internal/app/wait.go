package app

import (
	"maps"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Wait is what somebody has to do.
type Wait struct {
	Who    identity.Role
	What   string
	Count  int
	Of     string // the department, panel, phase or host
	Action string // of a step
	Mine   bool   // it is the caller's own
}

// What may wait.
const (
	WaitOpinions  = "opinions" // entries without one
	WaitOwn       = "own"      // the caller's sheets
	WaitLooks     = "looks"    // the caller's sheets that were sent back
	WaitSheets    = "sheets"
	WaitShort     = "short" // candidates without enough jurors
	WaitSeats     = "seats"
	WaitVotes     = "votes"
	WaitStep      = "step"    // of a phase
	WaitLetters   = "letters" // with codes
	WaitMail      = "mail"    // other letters that were given up
	WaitCodes     = "codes"
	WaitRoster    = "roster"
	WaitCommittee = "committee"
	WaitMotion    = "motion"
	WaitCount     = "count"
	WaitPublish   = "publish"
	WaitSign      = "sign" // a host
)

// Waits are all of them.
func Waits() []string {
	return []string{
		WaitOpinions, WaitOwn, WaitLooks, WaitSheets, WaitShort, WaitSeats, WaitVotes, WaitStep, WaitLetters, WaitMail, WaitCodes, WaitRoster,
		WaitCommittee, WaitMotion, WaitCount, WaitPublish, WaitSign,
	}
}

// waits is what waits for whom: for the caller's own roles and, for whoever runs
// or watches the selection, for all others'.
func (o *Overview) waits(account identity.Account, s selection.Selection, rules *rulebook.Rulebook) {
	add := func(w Wait) {
		if w.Count > 0 {
			o.Waits = append(o.Waits, w)
		}
	}
	if o.Vetting != nil {
		for _, id := range slices.Sorted(maps.Keys(o.Vetting.Due)) {
			mine := account.May(s.Slug, identity.Vetter, id)
			if mine || o.Plan != nil { // else another department's
				add(Wait{Who: identity.Vetter, What: WaitOpinions, Count: o.Vetting.Due[id], Of: id, Mine: mine})
			}
		}
	}
	for _, own := range o.Own {
		add(Wait{Who: identity.Juror, What: WaitOwn, Count: own.Due, Of: own.Panel, Mine: true})
		add(Wait{Who: identity.Juror, What: WaitLooks, Count: own.Looks, Of: own.Panel, Mine: true})
	}
	for _, p := range o.Panels {
		if p.Fault != nil {
			continue
		}
		if s.Phase(rulebook.PhaseReview).State == selection.Opened {
			due := 0
			for _, j := range p.Panel.Jurors {
				due += j.Assigned - j.Submitted
			}
			add(Wait{Who: identity.Juror, What: WaitSheets, Count: due, Of: p.ID})
			add(Wait{Who: identity.Organizer, What: WaitShort, Count: len(p.Panel.Short), Of: p.ID})
		}
		if rule, _ := rules.Review.Panel(p.ID); len(p.Panel.Jurors) == 0 {
			add(Wait{Who: identity.Organizer, What: WaitSeats, Count: rule.Jurors, Of: p.ID})
		}
	}
	if m := o.Decision; m != nil && m.Outcome == review.Moved {
		add(Wait{Who: identity.Committee, What: WaitVotes, Count: len(m.Members) - m.Voted})
	}
	for _, host := range o.awaited() {
		mine := account.May(s.Slug, identity.Signer, host)
		if mine || o.Decision != nil { // else another host's
			add(Wait{Who: identity.Signer, What: WaitSign, Count: 1, Of: host, Mine: mine})
		}
	}
	if o.Plan != nil {
		o.organizerWaits(s, rules, add)
	}
}

// awaited are the hosts that have yet to sign, as far as the caller is told.
func (o *Overview) awaited() (ids []string) {
	if o.Decision != nil {
		return o.Decision.Awaits
	}
	if o.Signing != nil {
		for _, host := range o.Signing.Motion.Awaits() {
			ids = append(ids, host.Host)
		}
	}
	return ids
}

// organizerWaits is what only who runs the selection can do.
func (o *Overview) organizerWaits(s selection.Selection, rules *rulebook.Rulebook, add func(Wait)) {
	one := func(what string) { add(Wait{Who: identity.Organizer, What: what, Count: 1}) }
	for _, step := range o.Plan.Steps {
		if step.Ready() {
			add(Wait{Who: identity.Organizer, What: WaitStep, Count: 1, Of: step.Phase, Action: step.Action})
		}
	}
	if r := o.Roster; r != nil {
		add(Wait{Who: identity.Organizer, What: WaitLetters, Count: r.Mailed.Failed})
		add(Wait{Who: identity.Organizer, What: WaitCodes, Count: r.Members - r.Coded - r.Mailed.Waiting})
	} else if rules.Voting.Admits(rulebook.WayRoster) && s.Phase(rulebook.PhaseVoting).ClosedAt == nil {
		one(WaitRoster)
	}
	if o.Mail != nil {
		dead := 0
		for _, f := range o.Mail.Figures {
			if f.State == identity.LetterDead && f.Kind != identity.LetterCode { // codes are counted by member
				dead += f.Letters
			}
		}
		add(Wait{Who: identity.Organizer, What: WaitMail, Count: dead})
	}
	if m := o.Decision; m != nil && s.Phase(rulebook.PhaseDecision).State == selection.Opened {
		switch {
		case len(m.Members) == 0:
			one(WaitCommittee)
		case slices.Contains([]string{review.NoMotion, review.Rejected, review.Overtaken, review.Changed, review.Returned, review.Fallen}, m.Outcome):
			one(WaitMotion)
		case m.Outcome == review.Moved && m.Voted == len(m.Members):
			one(WaitCount)
		}
	}
	if s.PublishedAt == nil && s.Phase(rulebook.PhaseNotice).State == selection.Closed {
		one(WaitPublish)
	}
}
