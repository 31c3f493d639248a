package review

import (
	"slices"
	"time"
)

// OfMeeting asks for the meeting as its room shows it.
type OfMeeting struct {
	Slug   string `json:"slug"`
	Attend bool   `json:"attend,omitempty"` // whoever asks has the room open; counts for members
}

// Meeting is the committee's meeting as its room shows it: who is there, what is
// put to the vote, who has voted, and never how.
type Meeting struct {
	Slug    string   `json:"slug"`
	Members []Member `json:"members"`
	Quorum  int      `json:"quorum"`  // how many members have to vote
	Secret  bool     `json:"secret"`  // nobody keeps how members vote
	Approve string   `json:"approve"` // share of those who vote; empty: more than half
	Motions []Motion `json:"motions"` // in the order in which they were put
}

// Member is one of the committee.
type Member struct {
	Person

	Present bool       `json:"present"`           // has had the room open within Presence
	CameAt  *time.Time `json:"came_at,omitempty"` // absent: never
	LeftAt  *time.Time `json:"left_at,omitempty"` // absent of who is present
}

// Presence is how long a member counts as present without a sign of life. Whoever
// leaves is missed within 30 seconds, with the second after which pages ask again.
const Presence = 25 * time.Second

// Motion is what was put to the vote, and what came of it.
type Motion struct {
	Number     int        `json:"number"` // from 1
	Text       string     `json:"text"`
	Kind       string     `json:"kind"`
	Reason     string     `json:"reason,omitempty"` // of one that changes the list
	Out        *Awarded   `json:"out,omitempty"`    // who loses the award
	In         *Awarded   `json:"in,omitempty"`     // who gets it
	Approve    string     `json:"approve"`          // share of those who vote; empty: more than half
	Quorum     int        `json:"quorum"`           // how many members have to vote
	Recused    []Recused  `json:"recused,omitempty"`
	ResultHash string     `json:"result_hash"`
	Seats      []Awarded  `json:"seats,omitempty"` // all that it gives; none: it puts the result in force
	MovedAt    time.Time  `json:"moved_at"`
	MovedBy    string     `json:"moved_by,omitempty"` // name; empty: of an earlier version
	Members    int        `json:"members"`            // who could vote
	Voters     []string   `json:"voters"`             // accounts of those who have, by name
	Outcome    string     `json:"outcome"`            // Moved, Approved, Rejected, Overtaken, Changed, AwaitsHosts, Returned or Fallen
	For        int        `json:"for"`                // this and the next two are 0 until the vote is closed
	Against    int        `json:"against"`
	Abstained  int        `json:"abstained"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
	ClosedBy   string     `json:"closed_by,omitempty"`
	SignOffs   []SignOff  `json:"sign_offs,omitempty"` // of one that had the votes: what each host has said of it
}

// Recused is a member who takes no part in a motion.
type Recused struct {
	Person

	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// IsRecused tells whether an account takes no part in a motion.
func (m Motion) IsRecused(account string) bool {
	return slices.ContainsFunc(m.Recused, func(r Recused) bool { return r.ID == account })
}

// Motion is the last that was put; its outcome is NoMotion where there is none.
func (m Meeting) Motion() Motion {
	if len(m.Motions) == 0 {
		return Motion{Outcome: NoMotion}
	}
	return m.Motions[len(m.Motions)-1]
}

// Present is how many members are there.
func (m Meeting) Present() (n int) {
	for _, one := range m.Members {
		if one.Present {
			n++
		}
	}
	return n
}

// Voted tells whether an account has voted on a motion.
func (m Motion) Voted(account string) bool { return slices.Contains(m.Voters, account) }
