package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// wrongCodes is how many wrong codes a network has at once.
const wrongCodes = 100

// TestRoster has members of a roster vote by codes from paper.
func TestRoster(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.Rules = strings.Replace(h.Rules, "voters: [device]", "voters: [roster]", 1)
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	ctx, organizer := t.Context(), h.Organizer()

	_, err := organizer.ImportRoster(ctx, slug, []byte("member,name\n17,王芳\n,李娜\n17,赵强\n18,"+strings.Repeat("长", 101)+"\n"))
	var found [][2]int
	for _, f := range fault.From(err).Fields {
		found = append(found, [2]int{f.Line, f.Column})
	}
	if diff := cmp.Diff([][2]int{{3, 1}, {4, 1}, {5, 2}}, found); !errors.Is(err, identity.ErrRosterInvalid) || diff != "" {
		t.Errorf("a bad roster: %v; its mistakes are at (-want +got):\n%s", err, diff)
	}
	if in, err := organizer.ImportRoster(ctx, slug, []byte("member,name\n17,王芳\n18,李娜\n19,赵强\n")); err != nil || in.Added != 3 {
		t.Fatalf("imported %+v, %v", in, err)
	}
	codes := exported(t, organizer, "")
	if _, err := organizer.ExportCodes(ctx, slug, "html", ""); !errors.Is(err, identity.ErrCodesExported) {
		t.Errorf("a second export: %v", err)
	}

	cast := func(v *client.Voter, err error) error {
		if err == nil {
			_, err = v.Cast(ctx, []int{1, 2})
		}
		return err
	}
	if err := cast(h.API.Voter(ctx, slug)); !errors.Is(err, voting.ErrWay) {
		t.Errorf("a device's ballot: %v", err)
	}
	kept := map[string]*client.Voter{} // credentials of the first codes
	for _, member := range []string{"17", "18", "19"} {
		if kept[member], err = h.API.RosterVoter(ctx, slug, codes[member]); err != nil {
			t.Fatal(err)
		}
	}
	if err := cast(kept["17"], nil); err != nil {
		t.Fatal(err)
	}
	if err := cast(h.API.RosterVoter(ctx, slug, strings.ToLower(codes["17"]))); !errors.Is(err, voting.ErrDuplicate) {
		t.Errorf("the same code on another device: %v", err)
	}
	fresh, err := organizer.ReplaceCode(ctx, slug, "17", "来电称遗失")
	if err != nil {
		t.Fatal(err)
	}
	if err := cast(h.API.RosterVoter(ctx, slug, fresh.Code)); !errors.Is(err, voting.ErrDuplicate) {
		t.Errorf("the member's new code: %v", err)
	}
	if !fresh.InForce {
		t.Error("the replacement is not known to be in force")
	}
	if err := cast(kept["17"], nil); !errors.Is(err, voting.ErrReplaced) {
		t.Errorf("what was issued for the member's earlier code: %v", err)
	}
	again := exported(t, organizer, "打印件污损")
	if len(again) != 3 || again["18"] == codes["18"] { // all: nobody knows who has voted
		t.Errorf("replaced %d codes", len(again))
	}
	if err := cast(kept["18"], nil); !errors.Is(err, voting.ErrReplaced) {
		t.Errorf("what was issued for a code of the earlier list: %v", err)
	}
	if err := cast(h.API.RosterVoter(ctx, slug, again["17"])); !errors.Is(err, voting.ErrDuplicate) {
		t.Errorf("who has voted, with the newest code: %v", err)
	}
	if roster, err := organizer.Roster(ctx, slug); err != nil || roster.Voted != nil {
		t.Errorf("during the vote the roster tells %+v, %v", roster, err)
	}
	if err := cast(h.API.RosterVoter(ctx, slug, again["18"])); err != nil {
		t.Error(err)
	}

	script := h.API.From("203.0.113.7")
	for i := range wrongCodes {
		if err := cast(script.RosterVoter(ctx, slug, codes["19"])); !errors.Is(err, identity.ErrCode) {
			t.Fatalf("wrong code %d: %v", i, err)
		}
	}
	if err := cast(script.RosterVoter(ctx, slug, again["19"])); !fault.HasCode(err, "too_many_codes") {
		t.Errorf("after so many wrong codes: %v", err)
	}
	if err := cast(h.API.From("198.51.100.9").RosterVoter(ctx, slug, again["19"])); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	testkit.Eventually(t, wait, func() error {
		tally, err := h.API.Tally(ctx, slug)
		if err == nil && tally.State != voting.Sealed {
			return errors.New("not sealed")
		}
		if err == nil && tally.Ballots != 3 {
			t.Fatalf("%d ballots, want one of each member", tally.Ballots)
		}
		return err
	})
	testkit.Eventually(t, wait, func() error {
		roster, err := organizer.Roster(ctx, slug)
		if err == nil && (roster.Voted == nil || *roster.Voted != 3) {
			err = fmt.Errorf("the roster tells %+v", roster)
		}
		return err
	})
	if _, err := h.API.RosterVoter(ctx, slug, again["18"]); !errors.Is(err, voting.ErrClosed) {
		t.Errorf("a code after the close: %v", err)
	}
	if _, err := organizer.ReplaceCode(ctx, slug, "17", "late"); !errors.Is(err, identity.ErrVoteOver) {
		t.Errorf("a replacement after the close: %v", err)
	}
	if _, err := organizer.ExportCodes(ctx, slug, "xlsx", "late"); !errors.Is(err, identity.ErrVoteOver) {
		t.Errorf("an export after the close: %v", err)
	}
	if _, err := organizer.ImportRoster(ctx, slug, []byte("member\n20\n")); !errors.Is(err, identity.ErrVoteOver) {
		t.Errorf("an import after the close: %v", err)
	}
}

// exported gives the codes of a new spreadsheet, by member.
func exported(t *testing.T, organizer *client.Client, why string) map[string]string {
	t.Helper()
	file, err := organizer.ExportCodes(t.Context(), slug, "xlsx", why)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := table.ReadAll(bytes.NewReader(file), table.Limits{})
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	codes := map[string]string{}
	for _, row := range rows[1:] {
		codes[row.Cell(0)] = row.Cell(3)
	}
	return codes
}
