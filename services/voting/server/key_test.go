package server_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	installation "github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/server"
)

// replica is another room on the database of r, with keys of its own.
func (r *room) replica(t testing.TB, pseudonym []byte, signer ballotlog.Signer) *run.Running {
	t.Helper()
	deps := r.deps
	deps.DB, deps.Bus = testkit.Open(t, r.address, voting.Name), testkit.Connect(t, r.nats, voting.Name)
	deps.Jobs = job.New(testkit.Open(t, r.address, voting.Name), r.clock.Now, deps.Log)
	made, err := server.New(deps, server.Config{PseudonymKey: pseudonym, Log: signer})
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Start(t, made, deps)
}

// TestKeys has replicas start with another pseudonym key and another log key beside
// one with the right ones: they are not ready, name the key, and answer nobody, so
// that all ballots, receipts and statements are the right one's; without it there is
// no answer.
func TestKeys(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.counted(t, keyed(ballot(1, 1), "k-1"))
	other := bytes.Repeat([]byte("o"), 32)
	signer, err := ballotlog.NewSigner(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]*run.Running{"pseudonym": r.replica(t, other, r.signer), "log": r.replica(t, key(), signer)} {
		f := fault.From(bad.Ready(t.Context()))
		if !errors.Is(f, installation.ErrUnknown) || f.Params["keys"] != name || !strings.Contains(f.Message, "keys/"+name) {
			t.Errorf("another %s key: %v", name, f)
		}
	}
	if err := r.replica(t, key(), r.signer).Ready(t.Context()); err != nil {
		t.Errorf("the right keys: %v", err)
	}
	for n := range 40 { // each goes to one of those that answer
		if n > 1 {
			r.counted(t, keyed(ballot(n, 1), "k"))
		}
		again := r.cast(t, keyed(ballot(1, 1), "k-1"))[0]
		if again.Fault != nil || !again.Again {
			t.Fatalf("a voter votes twice: %+v", again)
		}
		recorded, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: again.Receipt})
		if err != nil {
			t.Fatalf("a receipt: %v", err)
		}
		if _, err := r.signer.Public().Open(recorded.Evidence.Promise.Head); err != nil {
			t.Fatalf("a promise under an unknown key: %v", err)
		}
		said, err := r.GetStatement(r.ctx, voting.StatementOf{Slug: slug, Voter: voter(1), Key: voting.HashKey("k-1")})
		if err != nil || !strings.Contains(said.Statement, "\n") {
			t.Fatalf("a statement: %+v, %v", said, err)
		}
	}
	r.whole(t, 39)
}

// TestKeys_alone has the one replica start with another key, on what an installation
// of an earlier release has left: nothing is answered.
func TestKeys_alone(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	code := r.counted(t, ballot(1, 1))[0].Receipt
	if err := r.running.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.execute(t, `DELETE FROM key_check`) // as the release before left it
	bad := r.replica(t, bytes.Repeat([]byte("o"), 32), r.signer)
	if f := fault.From(bad.Ready(t.Context())); !errors.Is(f, installation.ErrUnknown) || f.Params["keys"] != "pseudonym" {
		t.Errorf("another pseudonym key: %v", f)
	}
	if _, err := r.one(ballot(1, 1)); !fault.HasCode(err, "service_down") {
		t.Errorf("a ballot: %v", err)
	}
	if _, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: code}); !fault.HasCode(err, "service_down") {
		t.Errorf("a receipt: %v", err)
	}
	if err := r.replica(t, key(), r.signer).Ready(t.Context()); err != nil {
		t.Errorf("the right keys: %v", err)
	}
	if recorded, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: code}); err != nil || recorded.Receipt != code {
		t.Errorf("the receipt: %+v, %v", recorded, err)
	}
}
