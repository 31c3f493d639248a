package outcome

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/selection"
)

// File is one of those by which anybody checks a result.
type File struct {
	Name string // that it is kept under, and the commands call it by
	Href string // empty: the rulebook keeps it back
	Text string // what is in it
	Hash string // SHA-256; empty: How
	How  string // it is held against what was published, or who has it
}

// Command is one to copy.
type Command struct{ Text, Line string }

// voted and judged tell what the result was computed from.
func (t *Teller) voted() bool  { return len(t.book.Rules.Voting.Voters) > 0 }
func (t *Teller) judged() bool { return len(t.book.Rules.Review.Panels) > 0 }

// files are all that are needed.
func (t *Teller) files(found selection.Results) []File {
	var all []File
	add := func(when bool, name, key, hash, how string) {
		if when {
			f := File{Name: name, Href: "/s/" + t.slug + "/exports/" + name, Text: t.book.T("results.file." + key), Hash: hash}
			if hash == "" {
				f.How = t.book.T("results.held." + how)
			}
			all = append(all, f)
		}
	}
	all = append(all, File{
		Name: t.slug + ".zip", Href: "/s/" + t.slug + "/bundle.zip", Text: t.book.T("results.file.bundle"), How: t.book.T("results.held.bundle"),
	})
	add(true, app.CheckRulebook, "rulebook", found.RulebookHash, "")
	add(true, "candidates.csv", "candidates", found.CandidatesHash, "first")
	add(t.voted() || found.VotesHash != "", "votes.csv", "votes", found.VotesHash, "first")
	add(t.judged() || found.ScoresHash != "", "scores.csv", "scores", found.ScoresHash, "first")
	add(found.Decided || found.Changed, "awards.csv", "awards", "", "first")
	add(true, app.CheckResult, "result", found.ResultHash, "")
	if kept := t.book.T("results.held.kept"); !t.book.Rules.Results.Whole() {
		for i := range all {
			if f := &all[i]; f.Name == "scores.csv" || f.Name == app.CheckResult {
				f.Href, f.How = "", kept
			}
		}
	}
	add(t.voted(), app.CheckLeaves, "leaves", "", "signed")
	add(t.voted(), app.CheckCheckpoint, "checkpoint", "", "key")
	add(t.voted(), app.CheckKey, "key", "", "own")
	add(t.voted(), "ballots.csv", "ballots", "", "lines")
	add(true, app.CheckSums, "sums", "", "page")
	return all
}

// commands check the files, compute the result again, and recount the ballots.
func (t *Teller) commands(found selection.Results) []Command {
	compute := "laurel compute --rulebook " + app.CheckRulebook + " --candidates candidates.csv"
	if t.voted() {
		compute += " --votes votes.csv"
	}
	if t.judged() {
		compute += " --scores scores.csv"
	}
	if found.Decided {
		compute += " --awards awards.csv"
	}
	if found.Changed {
		compute += " --awards awards.csv --changed"
	}
	if _, has := t.book.Rules.LotValue(); found.Lot != "" && !has {
		compute += " --lot='" + strings.ReplaceAll(found.Lot, "'", `'\''`) + "'"
	}
	all := []Command{{t.book.T("results.command.hash"), "sha256sum --check " + app.CheckSums}}
	if t.book.Rules.Results.Whole() {
		all = append(all, Command{t.book.T("results.command.compute"), compute + " --result " + app.CheckResult})
	}
	whole := Command{t.book.T("results.command.bundle"), "laurel verify " + t.slug + ".zip"}
	if !t.voted() {
		return append(all, whole)
	}
	verify := strings.Join([]string{"laurel verify", app.CheckLeaves, app.CheckCheckpoint, app.CheckKey, "votes.csv", "ballots.csv", app.CheckRulebook}, " ")
	for _, number := range slices.Sorted(maps.Keys(t.list)) {
		if t.list[number].Struck {
			verify += " --struck " + strconv.Itoa(number)
		}
	}
	return append(all, Command{t.book.T("results.command.verify"), verify}, whole)
}
