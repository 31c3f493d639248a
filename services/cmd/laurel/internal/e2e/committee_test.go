package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
)

// TestCommittee takes a blind panel through its review over HTTP: draw,
// conflicts, sheets and their history, oversight, escalation, a departure, and
// the result.
func TestCommittee(t *testing.T) {
	t.Parallel()
	c := convened(t)
	organizer := c.Organizer()
	c.level(t, "drawn,")

	// Found by rule, declared by code, pinned either way.
	conflicts, err := organizer.Conflicts(t.Context(), slug, "experts")
	if err != nil || len(conflicts) != 2 || conflicts[0].Juror != c.account(t, "juror-1") || conflicts[0].Grounds[0].Source != "employer" {
		t.Fatalf("conflicts %+v, %v", conflicts, err)
	}
	for _, a := range c.mine(t, "juror-1") {
		if n := c.number(a); n == conflicts[0].Candidate || n == conflicts[1].Candidate {
			t.Errorf("juror-1 is to score %d of their own employer", n)
		}
	}
	c.taken[conflicts[1].Candidate] = true
	kin := c.take(t, "juror-2").Candidate
	declared := decode[review.Declared](t, c.juror(t, "juror-2", http.MethodPost, "/conflicts",
		map[string]string{"candidate": kin, "reason": "亲属"}, http.StatusCreated))
	if !declared.Recused || declared.Candidate != kin {
		t.Errorf("declared %+v", declared)
	}
	c.juror(t, "juror-2", http.MethodPut, "/sheets/"+kin, gateway.SaveSheet{Submit: true}, http.StatusForbidden)
	if x, err := organizer.PinConflict(t.Context(), slug, "experts", email("juror-1"), conflicts[0].Candidate, false, "同名单位"); err != nil || x.Recused {
		t.Errorf("pinned %+v, %v", x, err)
	}
	pinned := c.number(c.take(t, "juror-3"))
	if x, err := organizer.PinConflict(t.Context(), slug, "experts", email("juror-3"), pinned, true, "师徒"); err != nil || !x.Recused {
		t.Errorf("pinned %+v, %v", x, err)
	}
	if slices.Contains(c.progress(t).Jurors[2].Candidates, pinned) {
		t.Error("a pinned conflict leaves the candidate with the juror")
	}
	c.level(t, "after conflicts")

	// A draft, a sheet, a change of mind; another's scores only after one's own.
	shy := c.take(t, "juror-5").Candidate
	first := c.mine(t, "juror-4")[0]
	c.taken[c.number(first)] = true
	of1 := first.Candidate
	draft := gateway.SaveSheet{Scores: map[string]string{"deeds": "70"}, Comments: map[string]string{"deeds": "待核"}}
	c.juror(t, "juror-4", http.MethodPut, "/sheets/"+of1, draft, http.StatusOK)
	if a := c.juror(t, "juror-4", http.MethodGet, "/sheets/"+of1+"/peers", nil, http.StatusConflict); a.Code != review.ErrOwnFirst.Code {
		t.Errorf("peers before one's own: %s", a.body)
	}
	c.submit(t, "juror-4", of1, "80")
	if s := c.submit(t, "juror-4", of1, "81"); s.Revision != 3 || s.Candidate != of1 {
		t.Errorf("amended %+v", s)
	}
	revisions := decode[[]review.Sheet](t, c.juror(t, "juror-4", http.MethodGet, "/sheets/"+of1+"/history", nil, http.StatusOK))
	if len(revisions) != 3 || revisions[0].Submitted || revisions[0].Comments["deeds"] != "待核" || revisions[1].Scores["deeds"] != "80" {
		t.Errorf("revisions %+v", revisions)
	}
	c.juror(t, "juror-4", http.MethodGet, "/sheets/"+of1+"/peers", nil, http.StatusOK)

	// An abstention is nobody's score; another is drawn.
	c.juror(t, "juror-5", http.MethodPut, "/sheets/"+shy, gateway.SaveSheet{Abstain: true, Submit: true}, http.StatusOK)
	if a := c.juror(t, "juror-5", http.MethodGet, "/sheets/"+shy+"/peers", nil, http.StatusConflict); a.Code != review.ErrOwnFirst.Code {
		t.Errorf("peers of who abstains: %s", a.body)
	}

	// Who leaves takes nothing along that is submitted.
	left, err := organizer.Unseat(t.Context(), slug, "experts", gateway.UnseatJuror{
		Juror: email("juror-4"), Sheets: review.KeepSheets, Successor: &gateway.Newcomer{Email: email(successor)}, Reason: "出差",
	})
	if err != nil || left.Jurors[3].LeftAt == nil || left.Jurors[3].Submitted != 1 || left.Jurors[3].Assigned != 1 || len(left.Short) > 0 {
		t.Fatalf("after the departure %+v, %v", left, err)
	}
	c.level(t, "after the departure")
	c.juror(t, "juror-4", http.MethodGet, "/sheets", nil, http.StatusForbidden)

	far := c.scoreAll(t)
	c.overseen(t, far)
	c.closed(t)
	c.blindfold(t)
}

// far is a candidate whose last juror is far from the rest.
type far struct {
	number int
	juror  string
	code   string
}

// scoreAll has the jurors submit what is left: of one candidate, one is far
// from the others, and a further juror is drawn.
func (c *committee) scoreAll(t *testing.T) (x far) {
	t.Helper()
	panel := c.progress(t)
	by := map[int][]string{}
	for _, j := range panel.Jurors {
		for _, n := range j.Candidates {
			by[n] = append(by[n], j.Name)
		}
	}
	i := slices.IndexFunc(c.Candidates, func(x nomination.Candidate) bool { return !c.taken[x.Number] })
	x.number = c.Candidates[i].Number
	if len(by[x.number]) != scored {
		t.Fatalf("%d is with %v", x.number, by[x.number])
	}
	x.juror = by[x.number][scored-1]
	mine := c.mine(t, x.juror)
	x.code = mine[slices.IndexFunc(mine, func(a review.Assignment) bool { return c.number(a) == x.number })].Candidate
	rest := func() (n int) {
		for i, name := range []string{"juror-1", "juror-2", "juror-3", "juror-5", successor} {
			for _, a := range c.mine(t, name) {
				score := fmt.Sprintf("%d", 88+i)
				if a.Sheet != nil && a.Sheet.Submitted {
					continue
				}
				if n++; a.Candidate == x.code && name == x.juror {
					score = "60"
				}
				c.submit(t, name, a.Candidate, score)
			}
		}
		return n
	}
	for rest() > 0 { // again for the further juror
	}
	return x
}

// overseen reads how the jurors agree, as organizer.
func (c *committee) overseen(t *testing.T, x far) {
	t.Helper()
	organizer, stern := c.Organizer(), c.account(t, x.juror)
	got, err := organizer.Oversight(t.Context(), slug, "experts")
	if err != nil || len(got.Candidates) != entries || len(got.Jurors) == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, s := range got.Candidates {
		outlying := len(s.Outliers) == 1 && s.Outliers[0].Juror == stern
		if of := s.Candidate == x.number; s.OverLimit != of || s.Further != of || of && (!outlying || s.Sheets != scored+1) {
			t.Errorf("spread %+v; %s is far off %d", s, x.juror, x.number)
		}
	}
	log, err := organizer.Audit(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	called := slices.IndexFunc(log, func(a gateway.Act) bool { return a.Act == "call_further" })
	if called < 0 || log[called].Kind != actor.System || !strings.Contains(log[called].Reason, "limit of 10") {
		t.Errorf("the further juror is not audited as the room's act: %+v", log)
	}

	if _, err := organizer.SendBack(t.Context(), slug, "experts", email(x.juror), x.number, "60 分是否有误？"); err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(c.mine(t, x.juror), func(a review.Assignment) bool {
		return a.SecondLook == "60 分是否有误？" && a.Candidate == x.code
	}); i < 0 {
		t.Error("the juror is not asked for a second look")
	}
	c.submit(t, x.juror, x.code, "86")
	for _, j := range c.progress(t).Jurors {
		if j.SecondLooks != 0 {
			t.Errorf("still sent back: %+v", j)
		}
	}
	history, err := organizer.History(t.Context(), slug, "experts", x.number)
	var totals []string
	for _, r := range history {
		if r.Juror == stern {
			totals = append(totals, r.Scores["deeds"])
		}
	}
	if err != nil || !slices.Equal(totals, []string{"60", "86"}) {
		t.Errorf("history %+v, %v", history, err)
	}
}

// closed closes voting and review: the result names what it is made of, and is
// not shown to a recused juror who is given a further role.
func (c *committee) closed(t *testing.T) {
	t.Helper()
	auditor := func(path string) answer {
		return c.ask(t, request{method: http.MethodGet, path: of(path), token: c.tokens["juror-2"]})
	}
	if _, err := c.Organizer().GiveRole(t.Context(), slug, gateway.GiveRole{Email: email("juror-2"), Role: identity.Auditor}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/panels/experts", "/panels/experts/oversight", "/panels/experts/conflicts", "/panels/experts/history/1"} {
		if a := auditor(path); a.status != http.StatusForbidden || a.Code != review.ErrOwnPanel.Code {
			t.Errorf("%s to a juror who is also auditor: %d %s", path, a.status, a.body)
		}
	}
	c.phase(t, rulebook.PhaseVoting, event.Open)
	if a := c.ballot(t, c.voter(t)); a.status != http.StatusCreated {
		t.Fatalf("a ballot: %d %s", a.status, a.body)
	}
	c.phase(t, rulebook.PhaseVoting, event.Close)
	c.phase(t, rulebook.PhaseReview, event.Close)
	var result review.Result
	testkit.Eventually(t, wait, func() (err error) {
		result, err = c.Organizer().Result(t.Context(), slug)
		return err
	})
	s, err := c.API.Selection(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	exported := func(what string) string {
		a := c.ask(t, request{method: http.MethodGet, path: of("/exports/" + what), token: c.token(t, identity.Auditor, 1)})
		sum := sha256.Sum256(a.body)
		return hex.EncodeToString(sum[:])
	}
	if result.RulebookHash != s.RulebookHash || result.VotesHash != exported("votes") || result.ScoresHash != exported("scores") || len(result.Hash) != 64 {
		t.Errorf("the result %.400q is of other inputs", result)
	}
	for _, path := range []string{"/result", "/exports/scores"} {
		if a := auditor(path); a.status != http.StatusForbidden || a.Code != review.ErrRecused.Code {
			t.Errorf("%s to a recused juror who is also auditor: %d %s", path, a.status, a.body)
		}
	}
}

// blindfold looks through all that jurors have read for what tells who a
// candidate is.
func (c *committee) blindfold(t *testing.T) {
	t.Helper()
	read := c.read.String()
	for _, x := range c.Candidates {
		for _, secret := range []string{x.Name, x.Employer, x.Photo} {
			if secret != "" && strings.Contains(read, secret) {
				t.Errorf("jurors have read %q", secret)
			}
		}
	}
	if !slices.ContainsFunc(c.Candidates, func(x nomination.Candidate) bool { return x.Photo != "" }) {
		t.Error("nobody has a photo")
	}
	all := regexp.MustCompile(`"(candidate|number)":("[^"]*"|[^,}]*)`).FindAllStringSubmatch(read, -1)
	code := regexp.MustCompile(`^"[A-Z]-\d{3}"$`)
	for _, m := range all {
		if m[1] == "number" || !code.MatchString(m[2]) {
			t.Errorf("jurors have read %s", m[0])
		}
	}
	if len(all) < 100 || !strings.Contains(read, "■■") {
		t.Errorf("jurors have read %d codes of %d bytes", len(all), len(read))
	}
}
