package event

// BallotsCounted says what one fold of the sequencer added to the tally.
type BallotsCounted struct {
	Ballots    int           `json:"ballots"`     // how many this fold added
	FirstIndex int64         `json:"first_index"` // of the fold's first ballot in the log, from 0
	Sums       map[int]int64 `json:"sums"`        // votes added, by candidate number; null while the rulebook hides the counts
}

// EventType implements Payload.
func (BallotsCounted) EventType() Type { return Type{"ballots_counted", 1} }

// TallySealed has the final counts: voting is closed and every acknowledged
// ballot is in.
type TallySealed struct {
	Ballots    int64         `json:"ballots"`
	Votes      map[int]int64 `json:"votes"`                // by candidate number; every admitted candidate has a row
	Checkpoint string        `json:"checkpoint,omitempty"` // the ballot log's signed head, as pkg/ballotlog reads it; old events have none
}

// EventType implements Payload.
func (TallySealed) EventType() Type { return Type{"tally_sealed", 1} }

// VotersCounted answers RosterClosed.
type VotersCounted struct {
	Voters string `json:"voters"` // the blob of the question
	// Voted has a bit for each voter in the blob's order, the lowest bit of a
	// byte first: 1 where a ballot of theirs is counted, in whatever period.
	Voted []byte `json:"voted"`
}

// EventType implements Payload.
func (VotersCounted) EventType() Type { return Type{"voters_counted", 1} }

func votingEvents() []Spec {
	from := []string{Voting}
	const checkpoint = "laurel/most-beautiful-courier-2/ballots\n20000\nmNq6V3lwBy0m0Q1mRzyEJYt0zqH6cC0iGdIP2f2vOQc=\n\n— laurel Az3grlgtzPIC…\n"
	return []Spec{
		{BallotsCounted{312, 40960, map[int]int64{3: 101, 7: 288}}, "tally", from, []string{Selection}, "Ballots entered the tally: sums and log range of one fold."},
		{
			TallySealed{20000, map[int]int64{3: 6011, 7: 15800}, checkpoint},
			"seal", from,
			[]string{Review, Selection, Identity},
			"Voting is closed; these are the final counts and the log that they are of.",
		},
		{
			VotersCounted{"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", []byte{0b101}},
			"roster", from,
			[]string{Identity},
			"Which voters of a roster have a ballot.",
		},
	}
}
