package compute

import (
	"bytes"
	"strings"
	"testing"
)

// An employer is one, however its brackets, dots and spaces were typed; so is a
// candidate, whose name is the list's.
func TestCommand_spellings(t *testing.T) {
	const (
		rules = "awards: [{id: w, seats: 3}]\ncomposite: {components: [{source: votes, convert: {method: none}}]}\n" +
			"quotas: [{attribute: employer, max: 1}]\n"
		candidates = "candidate,employer\n买买提·艾力,驼铃快运（兰州）\n乙,驼铃快运(兰州)\n丙,驼铃快运【兰州)\n丁,陇运速递\n戊,丝路速运\n"
		votes      = "candidate,votes\n买买提．艾力,50\n乙,40\n丙 ,30\n丁,20\n戊,10\n"
	)
	var won []string
	for _, r := range result(t, files(t, rules, candidates, votes, "", "")).Ranking {
		if r.Award != "" {
			won = append(won, r.Candidate)
		}
	}
	if got := strings.Join(won, " "); got != "买买提·艾力 丁 戊" {
		t.Errorf("winners %s", got)
	}
	c := files(t, rules, candidates, votes+"买买提•艾力,1\n", "", "")
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "has votes already") {
		t.Errorf("the same candidate again: %v", err)
	}
}

// What was assumed of a file is told.
func TestCommand_assumedEncoding(t *testing.T) {
	var notes, out bytes.Buffer
	c := files(t, rules, gbk(t, goodCandidates), goodVotes, goodScores, "")
	c.err, c.out = &notes, &out
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	const assumed = "candidates.csv: warning: the file does not say its encoding, which was taken for GB18030"
	if got := notes.String(); strings.Count(got, assumed) != 1 || strings.Contains(got, "votes.csv: warning") {
		t.Errorf("notes %q", got)
	}
}
