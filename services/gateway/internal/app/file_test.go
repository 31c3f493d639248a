package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/voting"
)

// files has the leaves of every selection in one body.
type files struct {
	voting.Service

	hash string
}

func (f files) ExportLeaves(context.Context, voting.Of) (voting.Exported, error) {
	return voting.Exported{Blob: f.hash, Rows: 1}, nil
}

// TestApp_files sends so many files to an address, and so many in all, at a time;
// one that has ended makes room for the next.
func TestApp_files(t *testing.T) {
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ref, err := blobs.In(voting.Name).Put(t.Context(), strings.NewReader("leaf\n"), 5)
	if err != nil {
		t.Fatal(err)
	}
	a := app.New(app.Services{Voting: files{hash: ref.Hash}}, nil, blobs, app.Config{
		CredentialKey: credential.Key(strings.Repeat("k", 32)), Limits: app.DefaultLimits(), Now: time.Now, Log: testkit.Log(t),
	})
	open := func(address string) (app.File, error) {
		return a.Leaves(app.WithCaller(t.Context(), app.Caller{Address: address}), slug)
	}
	var all []app.File
	for i := range 64 {
		f, err := open(fmt.Sprintf("192.0.2.%d", i/4))
		if err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
		all = append(all, f)
		if i == 3 {
			if _, err := open("192.0.2.0"); !fault.HasCode(err, "too_many_files") || !fault.Is(err, fault.TooMany) {
				t.Errorf("a fifth for one address: %v", err)
			}
		}
	}
	if _, err := open("198.51.100.1"); !fault.HasCode(err, "too_many_files") || !fault.Is(err, fault.Unavailable) {
		t.Errorf("one too many: %v", err)
	}
	if err := all[0].Body.Close(); err != nil {
		t.Fatal(err)
	}
	_ = all[0].Body.Close() // again
	f, err := open("192.0.2.0")
	if err != nil {
		t.Fatalf("after one has ended: %v", err)
	}
	if _, err := open("198.51.100.1"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a file that is closed twice makes room for two: %v", err)
	}
	for _, f := range append(all[1:], f) {
		if err := f.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}
