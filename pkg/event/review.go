package event

import "time"

// ResultComputed says that the rulebook has computed a result, and from what.
type ResultComputed struct {
	ResultHash   string `json:"result_hash"`   // blob of the result, SHA-256, hex
	RulebookHash string `json:"rulebook_hash"` // canonical rulebook
	VotesHash    string `json:"votes_hash"`    // the votes as exported
	ScoresHash   string `json:"scores_hash"`   // the scores as exported
}

// EventType implements Payload.
func (ResultComputed) EventType() Type { return Type{"result_computed", 1} }

// DecisionMade is the committee's word on a computed result.
type DecisionMade struct {
	ResultHash string `json:"result_hash"`
	Approved   bool   `json:"approved"`
	Members    int    `json:"members"` // seats on the committee
	For        int    `json:"for"`
	Against    int    `json:"against"`
	Abstained  int    `json:"abstained"`

	// Signatures are of the hosts who sign the approved result off, in the
	// rulebook's order; none where no host signs.
	Signatures []HostSignature `json:"signatures,omitempty"`
}

// HostSignature is a host's word for a result.
type HostSignature struct {
	Host   string            `json:"host"`   // id in the rulebook
	Title  map[string]string `json:"title"`  // the host's name by language, as in the rulebook
	Signer string            `json:"signer"` // who signed for it, by the name that they want shown
	At     time.Time         `json:"at"`
}

// EventType implements Payload.
func (DecisionMade) EventType() Type { return Type{"decision_made", 1} }

// JurorSeated gives a juror a seat on a panel. It may come again while they
// sit there: when the panel is seated anew.
type JurorSeated struct {
	Panel   string `json:"panel"`   // id in the rulebook
	Account string `json:"account"` // the juror's
}

// EventType implements Payload.
func (JurorSeated) EventType() Type { return Type{"juror_seated", 1} }

// JurorLeft takes the seat away.
type JurorLeft struct {
	Panel   string `json:"panel"`
	Account string `json:"account"`
}

// EventType implements Payload.
func (JurorLeft) EventType() Type { return Type{"juror_left", 1} }

// JurorAggregate is what the versions of a juror's events count: a late
// JurorSeated cannot bring back who has left since.
func JurorAggregate(panel, account string) string { return "juror/" + panel + "/" + account }

func reviewEvents() []Spec {
	const juror, account = "juror/<panel>/<account>", "0198c0de-0000-7000-8000-00000000000a"
	from, to := []string{Review}, []string{Selection}
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	return []Spec{
		{JurorSeated{"experts", account}, juror, from, []string{Identity}, "A juror has a seat on a panel, and with it the role."},
		{JurorLeft{"experts", account}, juror, from, []string{Identity}, "A juror has left a panel, and loses the role there."},
		{ResultComputed{hash, hash, hash, hash}, "result", from, to, "The rulebook computed a result; the hashes say from what."},
		{
			DecisionMade{hash, true, 9, 8, 0, 1, []HostSignature{{
				"union", map[string]string{"en": "Trade Union", "zh-CN": "总工会"}, "Wang Wei", time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
			}}},
			"decision", from, to,
			"The committee voted on a computed result; where hosts sign it off, an approval is told when all have signed.",
		},
	}
}
