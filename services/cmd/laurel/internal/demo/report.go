package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"golang.org/x/text/width"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
)

// report tells a person what happens: with bars on a terminal, in plain lines
// elsewhere.
type report struct {
	out   io.Writer
	bars  bool
	took  []string
	begun time.Time
}

func newReport(out *os.File) *report {
	return &report{out: out, bars: term.IsTerminal(int(out.Fd()))}
}

func (r *report) doing(what string) {
	r.begun = time.Now()
	fmt.Fprintf(r.out, "%s … ", what)
}

func (r *report) done() { fmt.Fprintf(r.out, "%.1f s\n", time.Since(r.begun).Seconds()) }

// progress opens a bar.
func (r *report) progress(name string, steps int) (tick func()) {
	if !r.bars {
		return func() {}
	}
	bar := progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(r.out), progressbar.OptionSetDescription(fmt.Sprintf("%-9s", name)),
		progressbar.OptionSetWidth(40), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())
	return func() { _ = bar.Add(1) } // a bar that cannot be drawn does no harm
}

func (r *report) step(name string, run func() error) error {
	begun := time.Now()
	if err := run(); err != nil {
		return err
	}
	line := fmt.Sprintf("%-9s %6.1f s", name, time.Since(begun).Seconds())
	r.took = append(r.took, line)
	fmt.Fprintln(r.out, line)
	return nil
}

// results prints the award lists.
func (r *report) results(res selection.Results) {
	fmt.Fprintf(r.out, "\n%s\n", res.Title["zh"])
	for _, award := range res.Awards {
		fmt.Fprintf(r.out, "\n%s (%s), %d of %d seats\n", award.Title["zh"], award.Title["en"], len(award.Winners), award.Seats)
		for _, w := range award.Winners {
			fmt.Fprintf(r.out, "%4d  %s  %s %s\n", w.Rank, pad(w.Name, 10), pad(w.Total, 7), w.Employer)
		}
	}
	fmt.Fprintln(r.out)
}

// pad fills up to columns; a Chinese character takes two.
func pad(s string, columns int) string {
	for _, c := range s {
		columns--
		if k := width.LookupRune(c).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			columns--
		}
	}
	return s + strings.Repeat(" ", max(0, columns))
}

// checks runs each and says line by line what holds.
func (r *report) checks(ctx context.Context, checks []script.Check) error {
	failed := 0
	for _, c := range checks {
		if err := c.Run(ctx); err != nil {
			failed++
			fmt.Fprintf(r.out, "FAILED  %s: %v\n", c.Name, err)
			continue
		}
		fmt.Fprintf(r.out, "ok      %s\n", c.Name)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(checks))
	}
	return nil
}

func (r *report) summary(took time.Duration, until string) {
	what := "The whole selection"
	if until != "" {
		what = "Until " + until
	}
	fmt.Fprintf(r.out, "\n%s: %.0f s\n  %s\n", what, took.Seconds(), strings.Join(r.took, "\n  "))
}

// accounts tells who can sign in, and where each role's work is. The password,
// which is that of all, is told once.
func (r *report) accounts(staff []script.Member, hosts []string, slug string) {
	fmt.Fprintln(r.out, "\nPages of the public:")
	for _, host := range hosts {
		fmt.Fprintf(r.out, "  http://%s/s/%s\n", host, slug)
	}
	fmt.Fprintf(r.out, "\nDesks of staff, to sign in at http://%s/desk/sign-in\n", hosts[0])
	fmt.Fprintf(r.out, "Password of every account: %s\n", script.Password)
	for _, role := range identity.Roles() {
		members := slices.DeleteFunc(slices.Clone(staff), func(m script.Member) bool { return m.Role != role })
		if len(members) == 0 {
			continue
		}
		fmt.Fprintf(r.out, "\n%s  http://%s/desk/s/%s%s\n", role, hosts[0], slug, deskOf(role))
		for _, m := range members {
			fmt.Fprintf(r.out, "  %s  %s %s\n", pad(m.Email, 36), pad(m.Name, 10), m.Scope)
		}
	}
}

// deskOf is where a role's work is, under the selection's desk.
func deskOf(role identity.Role) string {
	switch role {
	case identity.Vetter:
		return "/vetting"
	case identity.Juror:
		return "/sheets"
	case identity.Committee:
		return "/meeting"
	case identity.Signer:
		return "/sign"
	case identity.Auditor:
		return "/checks"
	case identity.Organizer:
	}
	return ""
}
