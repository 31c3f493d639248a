package server_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

const hosts = `hosts: [{id: union, title: {en: Union}}, {id: daily, title: {en: Daily}}]
`

// adopted brings the room to where the committee has approved the result, and two
// hosts sign it.
func adopted(t *testing.T) *room {
	t.Helper()
	r := frozen(t, hosts+with("ballot: secret}", "ballot: secret, sign_off: hosts}"), make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	if _, err := r.SeatCommittee(r.as("organizer"), review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseDecision)
	if err := r.put(review.PutMotion{Motion: "adopt it"}); err != nil {
		t.Fatal(err)
	}
	if s := r.signing(); s.Motion.Number != 0 || s.Motion.Text != "" || len(s.Awards) != 0 || len(s.Hosts) != 2 {
		t.Errorf("hosts are told what is not approved: %+v", s)
	}
	r.decide(review.For)
	return r
}

// adopt puts the result to the vote, and has all vote for it.
func (r *room) adopt() review.Decision {
	r.t.Helper()
	if _, err := r.PutMotion(r.as("organizer"), review.PutMotion{Slug: slug, Motion: "adopt it"}); err != nil {
		r.t.Fatal(err)
	}
	return r.decide(review.For)
}

func (r *room) sign(account, host, hash, signer string) (review.Signing, error) {
	return r.SignDecision(r.as(account), review.SignDecision{Slug: slug, Host: host, Hash: hash, Signer: signer})
}

func (r *room) signing() review.Signing {
	r.t.Helper()
	s, err := r.GetSigning(r.as("u"), review.Of{Slug: slug})
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// TestSign makes the decision when every host has signed, and no sooner.
func TestSign(t *testing.T) {
	r := adopted(t)
	d, err := r.GetDecision(r.as("organizer"), review.Of{Slug: slug})
	if err != nil || d.Outcome != review.AwaitsHosts || !slices.Equal(d.Awaits, []string{"union", "daily"}) || d.For != len(people) {
		t.Errorf("adopted: %+v, %v", d, err)
	}
	told := func() int { return r.Count(`SELECT count(*) FROM outbox WHERE name = 'decision_made'`) }
	if told() != 0 {
		t.Error("the decision is told before a host has signed")
	}
	if s := r.signing(); len(s.Awards) != 1 || s.Awards[0].Candidate != 1 || len(s.Hosts) != 2 {
		t.Errorf("what is signed: %+v", s)
	}
	if _, err := r.PutMotion(r.as("organizer"), review.PutMotion{Slug: slug, Motion: "another"}); !errors.Is(err, review.ErrMoved) {
		t.Errorf("a motion while hosts sign: %v", err)
	}
	for name, try := range map[string]struct {
		host, hash, signer, field string
		want                      error
	}{
		"another hash":    {"union", "0000", "U", "", review.ErrOtherHash},
		"no such host":    {"radio", d.ResultHash, "R", "host", review.ErrInvalid},
		"a name of lines": {"union", d.ResultHash, "a\x07b", "signer", review.ErrInvalid},
	} {
		_, err := r.sign("u", try.host, try.hash, try.signer)
		if !errors.Is(err, try.want) || try.field != "" && fault.From(err).Fields[0].Name != try.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := r.Count(`SELECT (SELECT count(*) FROM sign_off) + (SELECT count(*) FROM audit WHERE act = 'sign_decision')`); n != 0 {
		t.Errorf("refused signatures leave %d rows", n)
	}
	first := r.Clock.Now().UTC()
	for _, signer := range []string{"Wang Wei", "somebody else"} { // the second changes nothing
		s, err := r.sign("u", "union", d.ResultHash, signer)
		if err != nil || s.Motion.Outcome != review.AwaitsHosts || s.Hosts[0].Signer != "Wang Wei" || !s.Hosts[0].Signed() || s.Hosts[1].At != nil {
			t.Errorf("the first host: %+v, %v", s, err)
		}
		r.Clock.Advance(1e9)
	}
	refuse := review.RefuseDecision{Slug: slug, Host: "union", Hash: d.ResultHash, Reason: "on second thoughts"}
	if _, err := r.RefuseDecision(r.as("u"), refuse); !errors.Is(err, review.ErrSigned) {
		t.Errorf("a signature taken back: %v", err)
	}
	if told() != 0 {
		t.Error("the decision is told before the last host has signed")
	}
	second := r.Clock.Now().UTC()
	for range 2 {
		if s, err := r.sign("d", "daily", d.ResultHash, " "); err != nil || s.Motion.Outcome != review.Approved || len(s.Motion.Awaits()) != 0 {
			t.Errorf("the last host: %+v, %v", s, err)
		}
	}
	var made event.DecisionMade
	r.event("decision_made", &made)
	want := []event.HostSignature{
		{Host: "union", Title: map[string]string{"en": "Union"}, Signer: "Wang Wei", At: first},
		{Host: "daily", Title: map[string]string{"en": "Daily"}, Signer: "d", At: second},
	}
	if diff := cmp.Diff(want, made.Signatures); diff != "" || !made.Approved || made.ResultHash != d.ResultHash || made.For != 3 || told() != 1 {
		t.Errorf("told %d times: %+v (-want +got):\n%s", told(), made, diff)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'sign_decision'`); n != 2 {
		t.Errorf("%d signatures in the audit log, of 2", n)
	}
}

// TestSign_refused returns the result to the committee, who put another motion.
func TestSign_refused(t *testing.T) {
	r := adopted(t)
	hash := r.signing().Motion.ResultHash
	refuse := func(reason string) (review.Signing, error) {
		return r.RefuseDecision(r.as("d"), review.RefuseDecision{Slug: slug, Host: "daily", Hash: hash, Reason: reason})
	}
	if _, err := refuse(" "); !errors.Is(err, review.ErrInvalid) || fault.From(err).Fields[0].Name != "reason" {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := r.sign("u", "union", hash, ""); err != nil {
		t.Fatal(err)
	}
	s, err := refuse("the rules were broken")
	if err != nil || s.Motion.Outcome != review.Returned || s.Hosts[1].Reason != "the rules were broken" || s.Hosts[1].Signed() || !s.Hosts[0].Signed() {
		t.Errorf("refused: %+v, %v", s, err)
	}
	if _, err := r.sign("d", "daily", hash, ""); !errors.Is(err, review.ErrNothingToSign) {
		t.Errorf("a signature after the refusal: %v", err)
	}
	if d := r.adopt(); d.Outcome != review.AwaitsHosts || len(d.Awaits) != 2 {
		t.Errorf("the next motion: %+v", d)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'decision_made'`); n != 0 {
		t.Error("the decision is told")
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'refuse_decision' AND reason = 'the rules were broken'`); n != 1 {
		t.Errorf("%d refusals in the audit log", n)
	}
}

// TestSign_fallen has signatures fall when the result becomes another.
func TestSign_fallen(t *testing.T) {
	r := adopted(t)
	hash := r.signing().Motion.ResultHash
	if _, err := r.sign("u", "union", hash, ""); err != nil {
		t.Fatal(err)
	}
	r.Strike(1, "withdrew")
	if s := r.signing(); s.Motion.Outcome != review.Fallen || !s.Hosts[0].Signed() || len(s.Motion.Awaits()) != 0 {
		t.Errorf("after the change: %+v", s)
	}
	if _, err := r.sign("d", "daily", hash, ""); !errors.Is(err, review.ErrNothingToSign) {
		t.Errorf("a signature after the change: %v", err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'signatures_fell'`); n != 1 {
		t.Errorf("%d falls in the audit log", n)
	}
	d := r.adopt()
	if d.Outcome != review.AwaitsHosts || d.ResultHash == hash {
		t.Errorf("the next motion: %+v", d)
	}
	for _, host := range []string{"union", "daily"} {
		if _, err := r.sign("x", host, d.ResultHash, ""); err != nil {
			t.Fatal(err)
		}
	}
	var made event.DecisionMade
	if r.event("decision_made", &made); !made.Approved || made.ResultHash != d.ResultHash || len(made.Signatures) != 2 {
		t.Errorf("told: %+v", made)
	}
}

// TestMotion_overtaken approves no result that is not the one in force any more.
func TestMotion_overtaken(t *testing.T) {
	r := deciding(t)
	r.Open(rulebook.PhaseDecision)
	if _, err := r.PutMotion(r.as("organizer"), review.PutMotion{Slug: slug, Motion: "adopt it"}); err != nil {
		t.Fatal(err)
	}
	r.Strike(1, "withdrew")
	if d := r.decide(review.For); d.Outcome != review.Overtaken {
		t.Errorf("outcome %+v", d)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'decision_made' AND (data->>'approved')::bool`); n != 0 {
		t.Error("it is told as approved")
	}
}

// event is the last of a name that the room has told.
func (r *room) event(name string, into any) {
	r.t.Helper()
	var data []byte
	if err := r.DB.Get(&data, `SELECT data FROM outbox WHERE name = $1 ORDER BY seq DESC LIMIT 1`, name); err != nil {
		r.t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		r.t.Fatal(err)
	}
}
