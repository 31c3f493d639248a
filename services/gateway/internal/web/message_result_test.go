package web

// resultFamilies are those of a published result; words are a rulebook's.
func resultFamilies(words map[string][]string) map[string][]string {
	return map[string][]string{
		"rules.results.show.":   words["Show"],
		"rules.results.scores.": words["Scores"],
		"results.ranking.":      words["Show"],
		"results.ranking.lead.": words["Scores"],
		"results.file.":         {"rulebook", "candidates", "votes", "scores", "awards", "result", "leaves", "checkpoint", "key", "ballots", "sums"},
		"results.held.":         {"first", "signed", "key", "own", "lines", "page"},
	}
}
