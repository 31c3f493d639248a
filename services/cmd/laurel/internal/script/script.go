// Package script runs a selection as its people would: each act is a request to
// the public API by the one who may do it, and at the end it is checked from
// outside.
package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Password is that of every account.
const Password = "laurel-demo-password"

// Script is a selection and the people who act in it.
type Script struct {
	API    *client.Client // nobody's
	Input  Input
	Slug   string
	Rules  string // rulebook text
	Voters int    // who cast a ballot
	Again  int    // how many of them try twice
	Late   int    // who come after the close
	Seed   uint64
	// Progress opens the progress of a phase with its number of steps; each
	// call of tick is one.
	Progress func(name string, steps int) (tick func())

	// Candidates are by number. After Vet.
	Candidates []nomination.Candidate

	signedIn map[string]*client.Client // by email
	crowd    *crowd
	panels   []rulebook.Panel

	mu       sync.Mutex
	receipts map[string][]int // acknowledged ballots: picks by receipt
	refused  atomic.Int64     // second ballots that were refused
	late     atomic.Int64     // late ballots that were refused
}

const (
	voters    = 48 // at a time
	clerks    = 4  // of staff at a time
	castLimit = 30 * time.Second
)

// Step is a part of the script.
type Step struct {
	Name string
	Run  func(ctx context.Context) error
}

// Steps are the whole selection, in order.
func (s *Script) Steps() []Step {
	return []Step{
		{"create", s.Create},
		{"nominate", s.Nominate},
		{"vet", s.Vet},
		{"vote", s.Vote},
		{"score", s.Score},
		{"decide", s.Decide},
		{"notice", s.Notice},
		{"publish", s.Publish},
	}
}

// As is the first member of staff who has the role, signed in. After Create.
func (s *Script) As(role identity.Role) *client.Client {
	return s.signedIn[s.Input.With(role)[0].Email]
}

// Organizer is who runs the selection. After Create.
func (s *Script) Organizer() *client.Client { return s.As(identity.Organizer) }

// Create signs the organizer in, and makes the selection and the accounts of
// the rest.
func (s *Script) Create(ctx context.Context) error {
	s.signedIn = map[string]*client.Client{}
	s.receipts = map[string][]int{}
	tick := s.Progress("create", len(s.Input.Staff)+1)
	organizer := s.Input.With(identity.Organizer)[0]
	if err := s.signIn(ctx, organizer); err != nil {
		return err
	}
	if _, err := s.Organizer().CreateSelection(ctx, s.Slug, s.Rules); err != nil {
		return err
	}
	tick()
	for _, m := range s.Input.Staff {
		if m != organizer {
			if err := s.hire(ctx, m); err != nil {
				return fmt.Errorf("%s: %w", m.Email, err)
			}
		}
		tick()
	}
	return s.Open(ctx, rulebook.PhaseNomination)
}

// hire invites a member, who claims the account.
func (s *Script) hire(ctx context.Context, m Member) error {
	given, err := s.Organizer().GiveRole(ctx, s.Slug, gateway.GiveRole{Email: m.Email, Name: m.Name, Role: m.Role, Scope: m.Scope, HandOver: true})
	if err != nil {
		return err
	}
	// The link is handed over: it claims the account, or has one of an earlier
	// edition show that it is the same person's.
	if given.Invitation != nil {
		if _, err := s.API.Claim(ctx, given.Invitation.Link, m.Name, Password); err != nil {
			return err
		}
	}
	return s.signIn(ctx, m)
}

func (s *Script) signIn(ctx context.Context, m Member) error {
	session, err := s.API.SignIn(ctx, m.Email, Password)
	if err != nil {
		return err
	}
	s.signedIn[m.Email] = s.API.WithToken(session.Token)
	return nil
}

// Nominate imports the entries.
func (s *Script) Nominate(ctx context.Context) error {
	tick := s.Progress("nominate", 1)
	if _, err := s.Organizer().ImportEntries(ctx, s.Slug, s.Input.Entries); err != nil {
		return err
	}
	tick()
	return s.Open(ctx, rulebook.PhaseVetting)
}

// Vet has each department give its opinion on each entry; then the list of
// candidates is fixed.
func (s *Script) Vet(ctx context.Context) error {
	entries, err := s.Organizer().Entries(ctx, s.Slug)
	if err != nil {
		return err
	}
	vetters := s.Input.With(identity.Vetter)
	tick := s.Progress("vet", len(entries)*len(vetters))
	for i, vetter := range vetters { // one after another, as letters go round
		g, ctx := errgroup.WithContext(ctx)
		atOnce := clerks
		if i == len(vetters)-1 {
			atOnce = 1 // the last one admits: candidates are numbered as the entries are listed
		}
		g.SetLimit(atOnce)
		for _, e := range entries {
			g.Go(func() error {
				defer tick()
				return s.opine(ctx, vetter, e)
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	for _, phase := range []string{rulebook.PhaseNomination, rulebook.PhaseVetting} {
		if err := s.Close(ctx, phase); err != nil {
			return err
		}
	}
	s.Candidates, err = s.API.Candidates(ctx, s.Slug)
	if err != nil {
		return err
	}
	rules, err := rulebook.Parse([]byte(s.Rules))
	if err != nil {
		return err
	}
	s.crowd, s.panels = newCrowd(s.Seed, s.Candidates, rules.Voting), rules.Review.Panels
	return nil
}

func (s *Script) opine(ctx context.Context, vetter Member, e nomination.Entry) error {
	opinion, refused := s.Input.Refusal(vetter.Scope, e.Nominee.Name, e.Nominee.Employer)
	if !refused {
		opinion = Refusal{Verdict: nomination.Pass}
	}
	_, err := s.signedIn[vetter.Email].GiveOpinion(ctx, s.Slug, e.ID, vetter.Scope, opinion.Verdict, opinion.Reason)
	if errors.Is(err, nomination.ErrDecided) { // another department's veto ended it
		return nil
	}
	return err
}

// SeatPanels seats the jurors of each panel.
func (s *Script) SeatPanels(ctx context.Context) error {
	for _, panel := range s.panels {
		if _, err := s.Organizer().SeatPanel(ctx, s.Slug, panel.ID, emails(s.jurors(panel.ID))); err != nil {
			return err
		}
	}
	return nil
}

func (s *Script) jurors(panel string) []Member {
	return slices.DeleteFunc(s.Input.With(identity.Juror), func(m Member) bool { return m.Scope != panel })
}

func emails(members []Member) []string {
	all := make([]string, len(members))
	for i, m := range members {
		all[i] = m.Email
	}
	return all
}

// OpenReview seats the panels, and opens the phase.
func (s *Script) OpenReview(ctx context.Context) error {
	if err := s.SeatPanels(ctx); err != nil {
		return err
	}
	return s.Open(ctx, rulebook.PhaseReview)
}

// Score has each juror score each candidate that is theirs.
func (s *Script) Score(ctx context.Context) error {
	if err := s.OpenReview(ctx); err != nil {
		return err
	}
	for _, panel := range s.panels {
		if err := s.scorePanel(ctx, panel); err != nil {
			return fmt.Errorf("panel %s: %w", panel.ID, err)
		}
	}
	return s.Close(ctx, rulebook.PhaseReview)
}

func (s *Script) scorePanel(ctx context.Context, panel rulebook.Panel) error {
	jurors := s.jurors(panel.ID)
	tick := s.Progress("score", len(jurors)*len(s.Candidates))
	g, scoring := errgroup.WithContext(ctx)
	g.SetLimit(clerks)
	for k, juror := range jurors {
		mine, err := s.signedIn[juror.Email].Assignments(ctx, s.Slug, juror.Scope)
		if err != nil {
			return err
		}
		// Jurors go by what they read: the panel may be blind to who it is of, and
		// the list comes in an order of each one's own.
		slices.SortFunc(mine, func(a, b review.Assignment) int { return strings.Compare(a.Deeds, b.Deeds) })
		sheets := make([]map[string]string, len(mine))
		for i := range mine {
			sheets[i] = map[string]string{}
			for _, criterion := range panel.Criteria {
				sheets[i][criterion.ID] = s.crowd.score(i, float64(k%5)-2, panel.Scale)
			}
		}
		g.Go(func() error {
			for i, a := range mine {
				if _, err := s.signedIn[juror.Email].SaveSheet(scoring, s.Slug, juror.Scope, a.Candidate, gateway.SaveSheet{Scores: sheets[i], Submit: true}); err != nil {
					return err
				}
				tick()
			}
			return nil
		})
	}
	return g.Wait()
}

// SeatCommittee seats those who decide.
func (s *Script) SeatCommittee(ctx context.Context) error {
	_, err := s.Organizer().SeatCommittee(ctx, s.Slug, emails(s.Input.With(identity.Committee)))
	return err
}

// OpenDecision seats the committee, and opens the phase.
func (s *Script) OpenDecision(ctx context.Context) error {
	if err := s.SeatCommittee(ctx); err != nil {
		return err
	}
	return s.Open(ctx, rulebook.PhaseDecision)
}

// Decide has the committee vote on the computed result.
func (s *Script) Decide(ctx context.Context) error {
	members := s.Input.With(identity.Committee)
	if err := s.OpenDecision(ctx); err != nil {
		return err
	}
	tick := s.Progress("decide", len(members))
	if _, err := s.Organizer().Move(ctx, s.Slug, "审定评选结果"); err != nil {
		return err
	}
	for i, m := range members {
		choice := review.For
		if i == len(members)-1 {
			choice = review.Abstain
		}
		if _, err := s.signedIn[m.Email].VoteMotion(ctx, s.Slug, choice); err != nil {
			return err
		}
		tick()
	}
	d, err := s.Organizer().CloseMotion(ctx, s.Slug)
	if err != nil {
		return err
	}
	if d.Outcome != review.Approved {
		return fmt.Errorf("the committee's word is %s", d.Outcome)
	}
	return s.Close(ctx, rulebook.PhaseDecision)
}

// OpenNotice posts the decision.
func (s *Script) OpenNotice(ctx context.Context) error {
	return s.retry(ctx, func() error { return s.Open(ctx, rulebook.PhaseNotice) })
}

// Notice posts the decision and waits until the notice has run.
func (s *Script) Notice(ctx context.Context) error {
	tick := s.Progress("notice", 1)
	defer tick()
	if err := s.OpenNotice(ctx); err != nil {
		return err
	}
	return s.Await(ctx, func(sel selection.Selection) bool { return sel.Phase(rulebook.PhaseNotice).State == selection.Closed })
}

// Publish makes the result public.
func (s *Script) Publish(ctx context.Context) error {
	tick := s.Progress("publish", 1)
	defer tick()
	return s.retry(ctx, func() error {
		_, err := s.Organizer().Publish(ctx, s.Slug, "公示无异议")
		return err
	})
}

// retry tries again while an event is still on its way, or the server away.
func (s *Script) retry(ctx context.Context, act func() error) error {
	ctx, cancel := context.WithTimeout(ctx, castLimit)
	defer cancel()
	for {
		err := act()
		if err == nil || !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Conflict) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Open opens a phase and waits until that counts.
func (s *Script) Open(ctx context.Context, phase string) error {
	return s.change(ctx, phase, event.Open, selection.Opened)
}

// Close closes a phase and waits until that counts.
func (s *Script) Close(ctx context.Context, phase string) error {
	return s.change(ctx, phase, event.Close, selection.Closed)
}

// change orders a phase to change and waits until every room has applied it.
func (s *Script) change(ctx context.Context, phase, action string, want selection.PhaseState) error {
	const why = "按评选方案进行"
	var err error
	if phase == rulebook.PhaseVetting && action == event.Close { // tests close it with a few candidates
		_, err = s.Organizer().CloseVetting(ctx, s.Slug, why)
	} else {
		_, err = s.Organizer().ChangePhase(ctx, s.Slug, phase, action, why)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", action, phase, err)
	}
	return s.Await(ctx, func(sel selection.Selection) bool { return sel.Phase(phase).State == want })
}

// Await waits until the selection is as wanted.
func (s *Script) Await(ctx context.Context, ok func(selection.Selection) bool) error {
	ctx, cancel := context.WithTimeout(ctx, castLimit)
	defer cancel()
	for {
		sel, err := s.API.Selection(ctx, s.Slug)
		if err == nil && ok(sel) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("selection %s does not get there", s.Slug), err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
