package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// Password is that of every account of the demo.
const Password = "laurel-demo-password"

// Script runs a selection as its people would: each act is a request to the
// public API by the one who may do it.
type Script struct {
	API    *client.Client // nobody's
	Input  Input
	Slug   string
	Rules  string // rulebook text
	Voters int    // who cast a ballot
	Again  int    // of whom so many try twice
	Late   int    // who come after the close
	Seed   uint64
	// Progress opens the progress of a phase with its number of steps; each
	// call of tick is one.
	Progress func(name string, steps int) (tick func())

	signedIn   map[string]*client.Client // by email
	crowd      *crowd
	candidates []nomination.Candidate

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

func (s *Script) organizer() *client.Client {
	return s.signedIn[s.Input.with(identity.Organizer)[0].Email]
}

// Create signs the organizer in, who makes the selection and the accounts of
// the rest.
func (s *Script) Create(ctx context.Context) error {
	s.signedIn = map[string]*client.Client{}
	s.receipts = map[string][]int{}
	tick := s.Progress("create", len(s.Input.Staff)+1)
	organizer := s.Input.with(identity.Organizer)[0]
	if err := s.signIn(ctx, organizer); err != nil {
		return err
	}
	if _, err := s.organizer().CreateSelection(ctx, s.Slug, s.Rules); err != nil {
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
	return s.open(ctx, event.Nomination)
}

func (s *Script) hire(ctx context.Context, m Member) error {
	_, err := s.organizer().CreateAccount(ctx, m.Email, m.Name, Password)
	if err != nil && !errors.Is(err, identity.ErrEmailTaken) { // an earlier edition's
		return err
	}
	// Jurors and the committee get their roles with their seats.
	if m.Role == identity.Vetter || m.Role == identity.Auditor {
		if _, err := s.organizer().GrantRole(ctx, s.Slug, m.Email, m.Role, m.Scope); err != nil {
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
	if _, err := s.organizer().ImportEntries(ctx, s.Slug, s.Input.Entries); err != nil {
		return err
	}
	tick()
	return s.open(ctx, event.Vetting)
}

// Vet has each department give its opinion on each entry; then the list of
// candidates is fixed.
func (s *Script) Vet(ctx context.Context) error {
	entries, err := s.organizer().Entries(ctx, s.Slug)
	if err != nil {
		return err
	}
	vetters := s.Input.with(identity.Vetter)
	tick := s.Progress("vet", len(entries)*len(vetters))
	for _, vetter := range vetters { // one after another, as letters go round
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(clerks)
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
	for _, close := range []string{event.Nomination, event.Vetting} {
		if err := s.close(ctx, close); err != nil {
			return err
		}
	}
	s.candidates, err = s.API.Candidates(ctx, s.Slug)
	if err != nil {
		return err
	}
	numbers := make([]int, len(s.candidates))
	for i, c := range s.candidates {
		numbers[i] = c.Number
	}
	s.crowd = newCrowd(s.Seed, numbers)
	return nil
}

func (s *Script) opine(ctx context.Context, vetter Member, e nomination.Entry) error {
	opinion := Refusal{Verdict: nomination.Pass}
	if r, ok := s.Input.Refusals[refusalKey(vetter.Scope, e.Nominee.Name, e.Nominee.Employer)]; ok {
		opinion = r
	}
	_, err := s.signedIn[vetter.Email].GiveOpinion(ctx, s.Slug, e.ID, vetter.Scope, opinion.Verdict, opinion.Reason)
	if errors.Is(err, nomination.ErrDecided) { // another department's veto ended it
		return nil
	}
	return err
}

// Vote has the public vote: every voter obtains a credential and casts a
// ballot, some try again, some come too late.
func (s *Script) Vote(ctx context.Context) error {
	if err := s.open(ctx, event.Voting); err != nil {
		return err
	}
	tick := s.Progress("vote", s.Voters+s.Again+s.Late)
	if err := s.Crowd(ctx, s.Voters, func(ctx context.Context, i int) error {
		defer tick()
		return s.voter(ctx, i, tick)
	}); err != nil {
		return err
	}
	if err := s.close(ctx, event.Voting); err != nil {
		return err
	}
	return s.Crowd(ctx, s.Late, func(ctx context.Context, i int) error {
		defer tick()
		return s.latecomer(ctx, s.Voters+i)
	})
}

// Crowd runs act for n voters, many at a time.
func (s *Script) Crowd(ctx context.Context, n int, act func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(voters)
	for i := range n {
		g.Go(func() error { return act(ctx, i) })
	}
	return g.Wait()
}

// Ballot draws the picks of a ballot.
func (s *Script) Ballot() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crowd.picks(10)
}

func (s *Script) voter(ctx context.Context, i int, tick func()) error {
	picks := s.Ballot()
	voter, err := s.API.From(address(i)).Voter(ctx, s.Slug)
	if err != nil {
		return err
	}
	cast, err := voter.Cast(ctx, picks)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.receipts[cast.Receipt] = picks
	s.mu.Unlock()
	if i >= s.Again {
		return nil
	}
	defer tick()
	_, err = voter.Cast(ctx, picks)
	if !fault.HasCode(err, "ballot_duplicate") {
		return fmt.Errorf("a second ballot was not refused: %w", err)
	}
	s.refused.Add(1)
	return nil
}

func (s *Script) latecomer(ctx context.Context, i int) error {
	voter, err := s.API.From(address(i)).Voter(ctx, s.Slug)
	if err != nil {
		return err
	}
	_, err = voter.Cast(ctx, s.Ballot())
	if !fault.HasCode(err, "voting_closed") {
		return fmt.Errorf("a ballot after the close was not refused: %w", err)
	}
	s.late.Add(1)
	return nil
}

// Score has each juror score each candidate.
func (s *Script) Score(ctx context.Context) error {
	jurors := s.Input.with(identity.Juror)
	emails := make([]string, len(jurors))
	for i, j := range jurors {
		emails[i] = j.Email
	}
	if _, err := s.organizer().SeatPanel(ctx, s.Slug, jurors[0].Scope, emails); err != nil {
		return err
	}
	if err := s.open(ctx, event.Review); err != nil {
		return err
	}
	tick := s.Progress("score", len(jurors)*len(s.candidates))
	g, scoring := errgroup.WithContext(ctx)
	g.SetLimit(clerks)
	for k, juror := range jurors {
		sheets := make([]map[string]string, len(s.candidates))
		for i := range s.candidates {
			strictness := float64(k%5) - 2
			sheets[i] = map[string]string{
				"deeds": s.crowd.score(i, strictness), "service": s.crowd.score(i, strictness), "skill": s.crowd.score(i, strictness),
			}
		}
		g.Go(func() error {
			for i, c := range s.candidates {
				if _, err := s.signedIn[juror.Email].SaveSheet(scoring, s.Slug, juror.Scope, c.Number, client.Sheet{Scores: sheets[i], Submit: true}); err != nil {
					return err
				}
				tick()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.close(ctx, event.Review)
}

// Decide has the committee vote on the computed result.
func (s *Script) Decide(ctx context.Context) error {
	members := s.Input.with(identity.Committee)
	emails := make([]string, len(members))
	for i, m := range members {
		emails[i] = m.Email
	}
	if _, err := s.organizer().SeatCommittee(ctx, s.Slug, emails); err != nil {
		return err
	}
	if err := s.open(ctx, event.Decision); err != nil {
		return err
	}
	tick := s.Progress("decide", len(members))
	if _, err := s.organizer().Move(ctx, s.Slug, "审定评选结果"); err != nil {
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
	d, err := s.organizer().CloseMotion(ctx, s.Slug)
	if err != nil {
		return err
	}
	if d.Outcome != "approved" {
		return fmt.Errorf("the committee's word is %s", d.Outcome)
	}
	return s.close(ctx, event.Decision)
}

// Notice posts the decision and waits until the notice has run.
func (s *Script) Notice(ctx context.Context) error {
	tick := s.Progress("notice", 1)
	defer tick()
	if err := s.retry(ctx, func() error { return s.open(ctx, event.Notice) }); err != nil {
		return err
	}
	return s.await(ctx, func(sel selection.Selection) bool { return sel.Phase(event.Notice).State == selection.Closed })
}

// Publish makes the result public.
func (s *Script) Publish(ctx context.Context) error {
	tick := s.Progress("publish", 1)
	defer tick()
	return s.retry(ctx, func() error {
		_, err := s.organizer().Publish(ctx, s.Slug, "公示无异议")
		return err
	})
}

// retry tries again while an event is still on its way.
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

func (s *Script) open(ctx context.Context, phase string) error {
	return s.change(ctx, phase, event.Open, selection.Opened)
}

func (s *Script) close(ctx context.Context, phase string) error {
	return s.change(ctx, phase, event.Close, selection.Closed)
}

// change orders a phase to change and waits until every room has applied it.
func (s *Script) change(ctx context.Context, phase, action string, want selection.PhaseState) error {
	if _, err := s.organizer().ChangePhase(ctx, s.Slug, phase, action, "按评选方案进行"); err != nil {
		return fmt.Errorf("%s %s: %w", action, phase, err)
	}
	return s.await(ctx, func(sel selection.Selection) bool { return sel.Phase(phase).State == want })
}

func (s *Script) await(ctx context.Context, ok func(selection.Selection) bool) error {
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
