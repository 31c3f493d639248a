package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
)

// committee is an installation with a blind panel, and everything that its jurors have
// read.
type committee struct {
	*harness
	tokens map[string]string // by juror
	read   bytes.Buffer
	taken  map[int]bool // candidates of whom something is out of the ordinary
}

const (
	panelOf   = 5 // jurors
	scored    = 3 // of whom so many score a candidate
	successor = "juror-6"
)

// convened takes a selection to an open review with a panel that is drawn, blind
// and limits the spread. The stories name their heroes.
func convened(t *testing.T) *committee {
	t.Helper()
	c := &committee{harness: together(t), tokens: map[string]string{}, taken: map[int]bool{}}
	c.Rules = strings.Replace(c.Rules, "jurors: 3", strings.Join([]string{
		"jurors: 5", "blind: true", "assign: random", "min_scores: 3", "sees_others: after_own", "spread_limit: 10",
	}, "\n      "), 1)
	c.Input.Entries = regexp.MustCompile(`(?m)^(快递员.),(.),(第\d营业部)(.*)个故事：`).ReplaceAll(c.Input.Entries, []byte("${1},${2},${3}${4}个故事：${3}的${1}"))
	for n := 4; n <= 6; n++ {
		name := fmt.Sprintf("juror-%d", n)
		c.Input.Staff = append(c.Input.Staff, script.Member{Role: identity.Juror, Scope: "experts", Name: name, Email: name + "@example.org"})
	}
	c.run(t, c.Create, c.Nominate)
	entries, err := c.Organizer().Entries(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 400, 500)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Organizer().SetPhoto(t.Context(), slug, entries[0].ID, photo.Bytes()); err != nil {
		t.Fatal(err)
	}
	c.run(t, c.Vet)
	seats := gateway.SeatPanel{Employers: map[string]string{email("juror-1"): c.Candidates[0].Employer}}
	for n := 1; n <= panelOf; n++ {
		seats.Jurors = append(seats.Jurors, email(fmt.Sprintf("juror-%d", n)))
	}
	if _, err := c.Organizer().SeatJurors(t.Context(), slug, "experts", seats); err != nil {
		t.Fatal(err)
	}
	c.phase(t, rulebook.PhaseReview, event.Open)
	for n := 1; n <= panelOf+1; n++ {
		c.tokens[fmt.Sprintf("juror-%d", n)] = c.token(t, identity.Juror, n)
	}
	return c
}

func email(name string) string { return name + "@example.org" }

func (c *committee) phase(t *testing.T, phase, action string) {
	t.Helper()
	act := c.Open
	if action == event.Close {
		act = c.Close
	}
	if err := act(t.Context(), phase); err != nil {
		t.Fatal(err)
	}
}

// juror asks as a juror, and keeps what they read.
func (c *committee) juror(t *testing.T, name, method, path string, body any, status int) answer {
	t.Helper()
	a := c.ask(t, request{method: method, path: of("/panels/experts" + path), token: c.tokens[name], body: body})
	c.read.Write(append(a.body, '\n'))
	if a.status != status {
		t.Fatalf("%s %s as %s: %d, want %d %s", method, path, name, a.status, status, a.body)
	}
	return a
}

// decode reads an answer.
func decode[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return v
}

// mine is what a juror is to score.
func (c *committee) mine(t *testing.T, name string) []review.Assignment {
	t.Helper()
	return decode[[]review.Assignment](t, c.juror(t, name, http.MethodGet, "/sheets", nil, http.StatusOK))
}

// submit saves a sheet of one score by all criteria.
func (c *committee) submit(t *testing.T, name, candidate, score string) review.Sheet {
	t.Helper()
	sheet := gateway.SaveSheet{Scores: map[string]string{"deeds": score, "service": score, "skill": score}, Submit: true}
	return decode[review.Sheet](t, c.juror(t, name, http.MethodPut, "/sheets/"+candidate, sheet, http.StatusOK))
}

// progress is the panel as the organizer sees it. Each candidate has its jurors.
func (c *committee) progress(t *testing.T) review.Panel {
	t.Helper()
	p, err := c.Organizer().Panel(t.Context(), slug, "experts")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Short) > 0 {
		t.Errorf("candidates without enough jurors: %v", p.Short)
	}
	return p
}

// account is a juror's.
func (c *committee) account(t *testing.T, name string) string {
	t.Helper()
	for _, j := range c.progress(t).Jurors {
		if j.Name == name {
			return j.ID
		}
	}
	t.Fatalf("%s is not on the panel", name)
	return ""
}

// level sees that loads differ by one at most, of jurors who are there.
func (c *committee) level(t *testing.T, when string) {
	t.Helper()
	var loads []int
	for _, j := range c.progress(t).Jurors {
		if j.LeftAt == nil {
			loads = append(loads, j.Assigned)
		}
	}
	if slices.Max(loads)-slices.Min(loads) > 1 {
		t.Errorf("%s the loads are %v", when, loads)
	}
}

// number is whom an assignment is of. No juror is told; here the stories
// differ.
func (c *committee) number(a review.Assignment) int {
	i := slices.IndexFunc(c.Candidates, func(x nomination.Candidate) bool {
		place, _, _ := strings.Cut(x.Summary, "个")
		return strings.HasPrefix(a.Deeds, place)
	})
	return c.Candidates[i].Number
}

// take picks a candidate of a juror's of whom all is as it was, so that none
// runs out of jurors.
func (c *committee) take(t *testing.T, name string) review.Assignment {
	t.Helper()
	for _, a := range c.mine(t, name) {
		if n := c.number(a); !c.taken[n] {
			c.taken[n] = true
			return a
		}
	}
	t.Fatalf("all of %s's are taken: %v", name, c.taken)
	return review.Assignment{}
}
