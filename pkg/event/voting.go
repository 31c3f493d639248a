package event

// BallotsCounted says how far the public count has come: one event a
// publication, totals that only grow. Who reads it takes the greatest.
type BallotsCounted struct {
	Ballots int64         `json:"ballots"` // all that are published; as many leaves has the ballot log
	Votes   map[int]int64 `json:"votes"`   // by candidate number, of all on the list then; null while the rulebook hides the counts
}

// EventType implements Payload.
func (BallotsCounted) EventType() Type { return Type{"ballots_counted", 2} }

// BallotsCountedV1 is of before: what one fold of the sequencer added to the
// tally. Nobody publishes it any more; those of then may still be on their way.
type BallotsCountedV1 struct {
	Ballots    int           `json:"ballots"`     // how many this fold added
	FirstIndex int64         `json:"first_index"` // of the fold's first ballot in the log, from 0
	Sums       map[int]int64 `json:"sums"`        // votes added, by candidate number; null while the rulebook hides the counts
}

// EventType implements Payload.
func (BallotsCountedV1) EventType() Type { return Type{"ballots_counted", 1} }

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
		{
			BallotsCounted{19312, map[int]int64{3: 5801, 7: 15288}},
			"tally", from,
			[]string{Selection},
			"A publication: how many ballots are public by now, and the votes in all.",
		},
		{
			BallotsCountedV1{312, 40960, map[int]int64{3: 101, 7: 288}},
			"tally", from,
			[]string{Selection},
			"Of before: what one fold added. It is read, and no longer published.",
		},
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
