package server_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/services/review"
)

// TestLeft walks all methods of the room: each that a seat opens is closed to
// who has left it, in the transaction in which they leave. Nobody else has heard
// of it yet.
func TestLeft(t *testing.T) {
	r := scoring(t)
	of := review.Of{Slug: slug}
	sheet := func() review.OfSheet {
		return review.OfSheet{Slug: slug, Panel: "experts", Candidate: r.called("a", 1)}
	}
	juror := map[string]func(ctx context.Context) error{
		"ListAssignments": func(ctx context.Context) error { _, err := r.ListAssignments(ctx, experts); return err },
		"SaveSheet": func(ctx context.Context) error {
			_, err := r.SaveSheet(ctx, review.SaveSheet{
				Slug: slug, Panel: "experts", Candidate: sheet().Candidate, Scores: map[string]string{"deeds": "70", "skill": "70"},
			})
			return err
		},
		"GetSheets": func(ctx context.Context) error {
			_, err := r.GetSheets(ctx, review.OfSheet{Slug: slug, Panel: "experts"})
			return err
		},
		"SubmitSheets": func(ctx context.Context) error {
			_, err := r.SubmitSheets(ctx, review.SubmitSheets{Slug: slug, Panel: "experts"})
			return err
		},
		"ListRevisions": func(ctx context.Context) error { _, err := r.ListRevisions(ctx, sheet()); return err },
		"ListPeers": func(ctx context.Context) error {
			_, err := r.ListPeers(ctx, sheet())
			if errors.Is(err, review.ErrPeersHidden) || errors.Is(err, review.ErrOwnFirst) {
				return nil // heard, as one who has a seat
			}
			return err
		},
		"DeclareConflict": func(ctx context.Context) error {
			_, err := r.DeclareConflict(ctx, review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: sheet().Candidate, Reason: "kin"})
			return err
		},
	}
	member := map[string]func(ctx context.Context) error{
		"VoteMotion": func(ctx context.Context) error {
			_, err := r.VoteMotion(ctx, review.VoteMotion{Slug: slug, Choice: review.For})
			return err
		},
		"RecuseMotion": func(ctx context.Context) error {
			_, err := r.RecuseMotion(ctx, review.RecuseMotion{Slug: slug, Reason: "kin"})
			return err
		},
		"GetMeeting":  func(ctx context.Context) error { _, err := r.GetMeeting(ctx, review.OfMeeting{Slug: slug}); return err },
		"GetDecision": func(ctx context.Context) error { _, err := r.GetDecision(ctx, of); return err },
		"GetResult":   func(ctx context.Context) error { _, err := r.GetResult(ctx, of); return err },
		"GetSearch":   func(ctx context.Context) error { _, err := r.GetSearch(ctx, of); return err },
		"TryResult":   func(ctx context.Context) error { _, err := r.TryResult(ctx, review.TryResult{Slug: slug}); return err },
		"GetSensitivity": func(ctx context.Context) error {
			_, err := r.GetSensitivity(ctx, of)
			return err
		},
		"GetLot": func(ctx context.Context) error { _, err := r.GetLot(ctx, of); return err },
	}
	// The acts of organizers and auditors take no seat; one who sits on a panel is
	// kept from it by another rule (TestWatch).
	others := []string{
		"AssignByHand", "CallFurther", "CancelSearch", "CloseMotion", "ExportScores", "FindGaps", "GetHistory", "GetOversight", "GetPanel",
		"ListConflicts", "ListGaps", "OrderSearch",
		"GetSigning", "PinConflict", "PutMotion", "RecordLot", "RecuseJuror", "RefuseDecision", "SeatCommittee", "SeatPanel",
		"SendBack", "SignDecision", "UnseatJuror",
	}
	walked := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(juror)), slices.Collect(maps.Keys(member)), others)))
	var methods []string
	for m := range reflect.TypeFor[review.Service]().Methods() {
		methods = append(methods, m.Name)
	}
	if diff := cmp.Diff(methods, walked); diff != "" {
		t.Fatalf("methods of the room (-are +walked):\n%s", diff)
	}

	organizer, a := r.as("organizer"), r.as("a")
	asMember := func(account string) context.Context {
		return actor.With(a, actor.Actor{Kind: actor.Staff, ID: account, Name: account, As: "committee"})
	}
	if _, err := r.SeatCommittee(organizer, review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ListAssignments", "SaveSheet", "ListRevisions", "ListPeers"} {
		if err := juror[name](a); err != nil {
			t.Errorf("%s, by a juror: %v", name, err)
		}
	}
	for name, ask := range member {
		if err := ask(asMember("a")); errors.Is(err, review.ErrNotMember) {
			t.Errorf("%s, by a member: %v", name, err)
		}
	}
	if _, err := r.UnseatJuror(organizer, review.UnseatJuror{Slug: slug, Panel: "experts", Juror: "a", Sheets: review.KeepSheets, Reason: "ill"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SeatCommittee(organizer, review.SeatCommittee{Slug: slug, Members: people[1:]}); err != nil {
		t.Fatal(err)
	}
	for name, ask := range juror {
		if err := ask(a); !errors.Is(err, review.ErrNotJuror) {
			t.Errorf("%s, by who has left the panel: %v", name, err)
		}
	}
	for name, ask := range member {
		err := ask(asMember("a"))
		if name == "VoteMotion" || name == "RecuseMotion" { // what is open is said before who may
			continue
		}
		if !errors.Is(err, review.ErrNotMember) {
			t.Errorf("%s, by who has left the committee: %v", name, err)
		}
		if err := ask(asMember("b")); errors.Is(err, review.ErrNotMember) {
			t.Errorf("%s, by a member: %v", name, err)
		}
		if err := ask(organizer); errors.Is(err, review.ErrNotMember) {
			t.Errorf("%s, by the organizer: %v", name, err)
		}
	}
}
