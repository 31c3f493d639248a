package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// TestPrivacy hands in an entry full of numbers that are nobody's business: staff are
// told and read them whole; candidate, list, events and the strike's reason, which
// are public, have none.
func TestPrivacy(t *testing.T) {
	r := opened(t)
	n := nominee(0)
	n.Employer += "，电话0931-8412345"
	n.Deeds = "身份证62010219900307123X，住庆阳路12号3单元401室。十年如一日。卡号6222021234567890128"
	n.RecommendedBy = "总工会 13812341234"
	n.Attributes["party"] = "党员 ma@example.org"
	e, err := r.SubmitEntry(staff(t), nomination.SubmitEntry{Slug: slug, Nominee: n})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, w := range e.Warnings {
		if w.Code == "hidden_in_public" {
			shown[w.Field] = w.Params["shown"]
		}
	}
	if diff := cmp.Diff(map[string]string{
		"employer": "0931-***2345", "deeds": "620102********123X, 12号*单元***室, 622202*********0128",
		"recommended_by": "138****1234", "attributes.party": "m*@example.org",
	}, shown); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	for _, department := range []string{"union", "hr", "postal"} {
		if e, err = r.say(t, e.ID, department, nomination.Pass); err != nil {
			t.Fatal(err)
		}
	}
	if e.Nominee.Deeds != n.Deeds || e.Nominee.Employer != n.Employer {
		t.Errorf("staff read %+v", e.Nominee)
	}
	if _, err := r.StrikeCandidate(staff(t), nomination.StrikeCandidate{Slug: slug, Number: e.Number, Reason: "见 13812341234 的来电"}); err != nil {
		t.Fatal(err)
	}
	one, err := r.GetCandidate(staff(t), nomination.OfCandidate{Slug: slug, Number: e.Number})
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.ListCandidates(staff(t), nomination.ListCandidates{Slug: slug})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	admitted, struck := testkit.Published[event.CandidateAdmitted](t, r.DB), testkit.Published[event.CandidateStruck](t, r.DB)
	const deeds = "身份证620102********123X，住庆阳路12号*单元***室。十年如一日。卡号622202*********0128"
	if one.Deeds != deeds || admitted[0].Deeds != deeds || one.StruckReason != "见 138****1234 的来电" || struck[0].Reason != one.StruckReason {
		t.Errorf("public: %+v, %+v, %+v", one, admitted, struck)
	}
	for _, public := range []any{one, list, admitted, struck} {
		for _, secret := range []string{"8412345", "19900307", "401室", "1234567890", "1381234", "ma@"} {
			if text := fmt.Sprintf("%+v", public); strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
}
