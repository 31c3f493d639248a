package page_test

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
)

// publish makes the candidates' numbers their ranks.
func (h *installation) publish() {
	for _, phase := range rulebook.PhaseNames() {
		h.set(phase, selection.Closed)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.now.Add(time.Hour)
	s := &h.selections[0]
	s.PublishedAt, s.Decided = &at, true
	r := &selection.Results{
		Decided: true,
		Slug:    slug, Title: s.Title, Edition: s.Edition, PublishedAt: at, RulebookHash: s.RulebookHash,
		ResultHash: hex.EncodeToString(make([]byte, 32)), VotesHash: s.RulebookHash, ScoresHash: s.RulebookHash, Ballots: 20000,
		Decision: selection.DecisionRecord{Members: 9, For: 7, Against: 1, Abstained: 0},
		Awards: []selection.AwardList{
			{ID: "winner", Title: map[string]string{"zh": "陇原最美快递员", "en": "Most Beautiful Courier"}, Seats: 10},
			{ID: "nominated", Title: map[string]string{"zh": "提名奖", "en": "Nomination Award"}, Seats: 20},
		},
	}
	for i, c := range h.candidates {
		place := selection.RankedCandidate{
			Number: c.Number, Name: c.Name, Employer: c.Employer, Rank: i + 1, Total: fmt.Sprintf("%d.25", 95-i),
			Components: map[string]string{"votes": fmt.Sprintf("%d.123456", 40-i/2), "panel:experts": "55.127"},
			Explain:    []reason.Reason{fromVotes("5102", "82.28", "32.912")},
		}
		switch {
		case i < 10:
			place.Award = "winner"
			r.Awards[0].Winners = append(r.Awards[0].Winners, place)
		case i < 30:
			place.Award = "nominated"
			r.Awards[1].Winners = append(r.Awards[1].Winners, place)
		}
		r.Ranking = append(r.Ranking, place)
	}
	h.results = r
}
