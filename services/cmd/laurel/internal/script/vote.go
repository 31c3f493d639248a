package script

import (
	"context"
	"fmt"
	"maps"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/client"
)

// Vote has the public vote: every voter obtains a credential and casts a
// ballot, some try again, some come too late.
func (s *Script) Vote(ctx context.Context) error {
	if err := s.Open(ctx, rulebook.PhaseVoting); err != nil {
		return err
	}
	tick := s.Progress("vote", s.Voters+s.Again+s.Late)
	if err := s.Crowd(ctx, s.Voters, func(ctx context.Context, i int) error {
		defer tick()
		return s.voter(ctx, i, tick)
	}); err != nil {
		return err
	}
	late := make([]*client.Voter, s.Late) // who is a voter in time, and casts late
	if err := s.Crowd(ctx, s.Late, func(ctx context.Context, i int) (err error) {
		late[i], err = s.Voter(ctx, s.Voters+i)
		return err
	}); err != nil {
		return err
	}
	if err := s.Close(ctx, rulebook.PhaseVoting); err != nil {
		return err
	}
	return s.Crowd(ctx, s.Late, func(ctx context.Context, i int) error {
		defer tick()
		return s.latecomer(ctx, late[i])
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

// Picks draws those of a ballot.
func (s *Script) Picks() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crowd.picks()
}

// Voter obtains a credential from the i-th voter's address. It tries again
// while the server is away.
func (s *Script) Voter(ctx context.Context, i int) (voter *client.Voter, err error) {
	return voter, s.retry(ctx, func() error {
		voter, err = s.API.From(address(i)).Voter(ctx, s.Slug)
		return err
	})
}

// Cast has a voter cast a ballot, and keeps the receipt.
func (s *Script) Cast(ctx context.Context, voter *client.Voter, picks []int) error {
	cast, err := voter.Cast(ctx, picks)
	if err == nil {
		s.Keep(cast.Receipt, picks)
	}
	return err
}

// Keep keeps the receipt of a ballot that was acknowledged.
func (s *Script) Keep(receipt string, picks []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receipts[receipt] = picks
}

// Receipts are the acknowledged ballots: picks by receipt.
func (s *Script) Receipts() map[string][]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.receipts)
}

func (s *Script) voter(ctx context.Context, i int, tick func()) error {
	voter, err := s.Voter(ctx, i)
	if err != nil {
		return err
	}
	picks := s.Picks()
	if err := s.Cast(ctx, voter, picks); err != nil {
		return err
	}
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

func (s *Script) latecomer(ctx context.Context, voter *client.Voter) error {
	_, err := voter.Cast(ctx, s.Picks())
	if !fault.HasCode(err, "voting_closed") {
		return fmt.Errorf("a ballot after the close was not refused: %w", err)
	}
	s.late.Add(1)
	return nil
}
