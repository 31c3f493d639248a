package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/fault"
)

func TestError_wire(t *testing.T) {
	e := fault.NewInvalid("ballot_invalid", "the ballot breaks a rule", fault.Field{Name: "picks[2]", Message: "no such candidate"}).
		With("max", "10").Because(errors.New("secret detail"))
	e.RetryAfter = 2 * time.Second
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got fault.Error
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, &got, cmpopts.IgnoreUnexported(fault.Error{})); diff != "" {
		t.Errorf("after the wire (-sent +got):\n%s", diff)
	}
	if got.Unwrap() != nil {
		t.Error("the cause crossed the wire")
	}
}

func TestFrom(t *testing.T) {
	dup := fault.New(fault.Conflict, "ballot_duplicate", "already voted")
	if got := fault.From(fmt.Errorf("cast: %w", dup)); got != dup {
		t.Errorf("From a wrapped fault = %v", got)
	}
	cause := errors.New("disk on fire")
	got := fault.From(cause)
	if got.Kind != fault.Internal || !errors.Is(got, cause) {
		t.Errorf("From the unknown = %#v, want a bare internal with its cause", got)
	}
	if !errors.Is(dup.With("first", "noon"), dup) {
		t.Error("a copy with facts no longer matches its sentinel")
	}
}

func TestError_Check(t *testing.T) {
	sentinel := fault.NewInvalid("ballot_invalid", "the ballot breaks a rule")
	if err := sentinel.Check(nil); err != nil {
		t.Errorf("no field at fault gives %v", err)
	}
	field := fault.Field{Name: "picks", Message: "are required"}
	err := sentinel.Check([]fault.Field{field})
	if !errors.Is(err, sentinel) || !cmp.Equal(fault.From(err).Fields, []fault.Field{field}) || sentinel.Fields != nil {
		t.Errorf("one field at fault gives %#v, the sentinel is %#v", err, sentinel)
	}
}

func TestKind_Status(t *testing.T) {
	seen := map[int]fault.Kind{}
	for _, k := range fault.Kinds() {
		if other, ok := seen[k.Status()]; ok {
			t.Errorf("%s and %s share status %d", k, other, k.Status())
		}
		seen[k.Status()] = k
		if k.Title() == "" {
			t.Errorf("%s has no title", k)
		}
	}
}
