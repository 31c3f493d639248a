package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/slips"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// TestPrivate has members vote by codes that no organizer reads, from a letter
// and from a slip that a printing office made, and ask after the vote whether
// their ballot is counted. An organizer asks by every code that they were shown,
// before the close and after it.
func TestPrivate(t *testing.T) {
	t.Parallel()
	key, public, err := codelist.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	h, post := mailing(t, "PRINTING_KEY="+public)
	h.Rules = strings.Replace(h.Rules, "voters: [device]", "voters: [roster]", 1)
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	ctx, organizer := t.Context(), h.Organizer()
	file := "member,name,email\n17,王芳,wang@example.org\n18,李娜,li@example.org\n19,赵强,\n20,周敏,\n21,吴越,\n"
	if in, err := organizer.ImportRoster(ctx, slug, []byte(file)); err != nil || in.Added != 5 {
		t.Fatalf("imported %+v, %v", in, err)
	}
	if out, err := organizer.MailCodes(ctx, slug, gateway.MailCodes{}); err != nil || out.Letters != 2 || out.Left != 3 {
		t.Fatalf("mailed %+v, %v", out, err)
	}
	codes := map[string]string{}
	pattern := regexp.MustCompile(`#code=([0-9A-Z-]{14})`)
	for member, address := range map[string]string{"17": "wang@example.org", "18": "li@example.org"} {
		letter := post.To(t, address, 1)[0]
		if codes[member] = pattern.FindStringSubmatch(letter.Text)[1]; !strings.Contains(letter.Text, "http://"+h.Listen+"/s/"+slug+"#code=") {
			t.Errorf("%s", letter.Text)
		}
	}
	sealed, err := organizer.ExportCodes(ctx, slug, gateway.FormSealed, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	open := slips.Open{
		Sealed: filepath.Join(dir, "list.age"), Key: filepath.Join(dir, "key"), To: filepath.Join(dir, "slips.xlsx"), Format: "xlsx", Language: "en",
	}
	if err := errors.Join(os.WriteFile(open.Sealed, sealed, 0o600), os.WriteFile(open.Key, []byte(key), 0o600), open.Run(ctx)); err != nil {
		t.Fatal(err)
	}
	sheet, err := os.Open(open.To)
	if err != nil {
		t.Fatal(err)
	}
	defer sheet.Close()
	rows, err := table.ReadAll(sheet, table.Limits{})
	if err != nil || len(rows) != 4 || !strings.HasPrefix(rows[1].Cell(4), "http://"+h.Listen+"/s/"+slug+"#code=") {
		t.Fatalf("%+v, %v", rows, err)
	}
	for _, row := range rows[1:] {
		codes[row.Cell(0)] = row.Cell(3)
	}
	for _, member := range []string{"17", "19"} {
		voter, err := h.API.RosterVoter(ctx, slug, codes[member])
		if err == nil {
			_, err = voter.Cast(ctx, []int{1, 2})
		}
		if err != nil {
			t.Errorf("%s votes: %v", member, err)
		}
		if _, err := h.API.StatementByCode(ctx, slug, codes[member]); !errors.Is(err, identity.ErrNotOver) {
			t.Errorf("during the vote: %v", err)
		}
	}
	// The organizer replaces one code of each kind, and reads the answers.
	shown := map[string]string{}
	for _, member := range []string{"18", "21"} {
		fresh, err := organizer.ReplaceCode(ctx, slug, member, "to look")
		if err != nil {
			t.Fatal(err)
		}
		shown[member] = fresh.Code
	}
	if _, err := organizer.ExportCodes(ctx, slug, gateway.FormXLSX, ""); !errors.Is(err, identity.ErrCodesExported) {
		t.Errorf("a list without a reason: %v", err)
	}
	list := exported(t, organizer, "to look") // 18 and 21, whose codes were read in any case
	if len(list) != 2 || list["18"] == "" || list["21"] == "" {
		t.Errorf("a list has the codes of %v", list)
	}
	refused := func(when string) {
		t.Helper()
		for _, seen := range []map[string]string{shown, list} {
			for member, code := range seen {
				told, err := organizer.StatementByCode(ctx, slug, code)
				if !errors.Is(err, identity.ErrCodeRead) && !errors.Is(err, identity.ErrCode) {
					t.Errorf("%s an organizer is told of %s: %q, %v", when, member, told, err)
				}
			}
		}
	}
	refused("during the vote")
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	testkit.Eventually(t, wait, func() error {
		roster, err := organizer.Roster(ctx, slug)
		if err == nil && (roster.Voted == nil || *roster.Voted != 2 || roster.Private != 3 || roster.Printer != public) {
			err = fmt.Errorf("the roster tells %+v", roster)
		}
		return err
	})
	refused("after the vote")
	for member, want := range map[string]string{"17": gateway.ABallot, "19": gateway.ABallot, "20": gateway.NoBallot} {
		if got, err := h.API.StatementByCode(ctx, slug, codes[member]); err != nil || got != want {
			t.Errorf("%s is told %q, %v", member, got, err)
		}
	}
	for _, member := range []string{"18", "21"} {
		if _, err := h.API.StatementByCode(ctx, slug, codes[member]); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a replaced code of %s: %v", member, err)
		}
	}
	late := gateway.MailCodes{Member: "17", Email: "mine@example.org", Reason: "late"}
	if _, err := organizer.MailCodes(ctx, slug, late); !errors.Is(err, identity.ErrVoteOver) {
		t.Errorf("a letter after the close: %v", err)
	}
}
