package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// published is what the API tells of a selection, or of its results.
type published struct {
	file
	kind string // selection or results

	Slug         string     `json:"slug"`
	RulebookHash string     `json:"rulebook_hash"`
	VotesHash    string     `json:"votes_hash"`
	ScoresHash   string     `json:"scores_hash"`
	FrozenAt     *time.Time `json:"frozen_at"`
	Ballots      int64      `json:"ballots"`
	Ranking      []struct {
		Number int `json:"number"`
	} `json:"ranking"`
}

// checkRulebook tells whether the rulebook is the one that was frozen, as far as
// anything given says which one that was.
func (v *verifier) checkRulebook() error {
	hash, said := "", ""
	vouch := func(by, told string) error {
		switch sum, err := hex.DecodeString(told); {
		case err != nil || len(sum) != sha256.Size:
			return fmt.Errorf("%s: the rulebook's hash %q is none", by, told)
		case said != "" && told != hash:
			return fmt.Errorf("%s: the rulebook's hash is %s; by %s it is %s", by, told, said, hash)
		}
		hash, said = told, by
		return nil
	}
	var err error
	if v.rulebook != nil {
		err = vouch(v.rulebook.name, v.rulebook.Hash())
	}
	given := said
	if v.RulebookHash != "" {
		err = errors.Join(err, vouch("--rulebook-hash", strings.ToLower(v.RulebookHash)))
	}
	for _, p := range v.published {
		err = errors.Join(err, vouch(p.name, p.RulebookHash))
		if p.kind == kindSelection && p.FrozenAt == nil {
			err = errors.Join(err, p.fault(errors.New("its rulebook is not frozen yet")))
		}
	}
	if err != nil {
		return err
	}
	if v.rulebook == nil {
		v.leave("whether the picks keep to the rulebook, for none was given")
		return nil
	}
	if len(v.rulebook.Voting.Voters) == 0 {
		return v.rulebook.fault(errors.New("it has no vote"))
	}
	if said == given {
		v.hold("the picks keep to %s, whose hash is %s", given, hash)
		v.leave("%s: whether it is the frozen one: give the selection or its results (GET …/selections/SLUG, …/results), or --rulebook-hash", given)
	} else {
		v.hold("the picks keep to the rulebook; its hash is %s, as %s has it", hash, said)
	}
	v.leave("of the rulebook, what the lines do not tell: %s", strings.Join(untold(v.rulebook.Voting), ", "))
	return nil
}

// untold are the rules of voting that the lines of the log cannot show.
func untold(r rulebook.Voting) []string {
	rules := []string{"who is a voter"}
	if r.Hours.IsSet() {
		rules = append(rules, "hours")
	}
	if len(r.Limits) > 0 {
		rules = append(rules, "limits by category")
	}
	return append(rules, "when voting was open")
}

// checkPublished holds what was published against the recount.
func (v *verifier) checkPublished() error {
	hashed := map[string]file{}
	if v.scores != nil {
		hashed["scores_hash"] = *v.scores
	}
	if v.votes != nil {
		hashed["votes_hash"] = v.votes.file
	}
	results := false
	for _, p := range v.published {
		if p.Slug != v.slug {
			return p.fault(fmt.Errorf("its slug is %q, not %q", p.Slug, v.slug))
		}
		if p.kind == kindSelection {
			v.leave("%s: all but its slug, its rulebook's hash, and that this is frozen; it is not signed", p.name)
			continue
		}
		results = true
		if err := v.checkResults(p, hashed); err != nil {
			return p.fault(err)
		}
	}
	if v.scores != nil && !results {
		v.leave("%s, which is not used: only results have its hash", v.scores.name)
	}
	return nil
}

func (v *verifier) checkResults(p published, hashed map[string]file) error {
	if cast := v.recount.Ballots + int64(len(v.recount.Removed)); p.Ballots != cast {
		return fmt.Errorf("its ballots are %d, the log has %d", p.Ballots, cast)
	}
	told := map[string]string{"votes_hash": p.VotesHash, "scores_hash": p.ScoresHash}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		f, given := hashed[name]
		if !given {
			v.leave("%s: its %s, for no such file was given", p.name, name)
			continue
		}
		if sum := sha256.Sum256(f.text); told[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("its %s is %q, %s has %x", name, told[name], f.name, sum)
		}
		v.hold("%s is the file that the results name", f.name)
	}
	if v.votes != nil {
		listed := map[int]bool{}
		for _, c := range p.Ranking {
			if _, ok := v.votes.of[c.Number]; !ok || listed[c.Number] {
				return fmt.Errorf("its ranking has candidate %d, whom %s does not have once", c.Number, v.votes.name)
			}
			listed[c.Number] = true
		}
		for _, n := range slices.Sorted(maps.Keys(v.votes.of)) {
			if !listed[n] {
				return fmt.Errorf("its ranking lacks candidate %d, whom %s has", n, v.votes.name)
			}
		}
	}
	v.leave("%s: its ranks, totals, awards and decision (laurel compute makes them again); it is not signed", p.name)
	return nil
}
