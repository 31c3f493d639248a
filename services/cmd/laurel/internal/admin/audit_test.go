package admin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// TestAudit erases a name by the command, and has the check find a rewrite that
// nobody signed.
func TestAudit(t *testing.T) {
	address := testkit.URL(t)
	for _, service := range event.Services() {
		db := testkit.Open(t, address, service)
		if err := pg.Migrate(t.Context(), db, audit.Set()); err != nil {
			t.Fatal(err)
		}
		if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
			return audit.Record(t.Context(), tx, time.Now(), "s-1", "open_phase", "as announced", nil)
		}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	urls := config.Database{URL: address, DataDir: dir}
	check := CheckAudit{Database: urls}
	if err := check.Run(t.Context()); err == nil || !strings.Contains(err.Error(), filepath.Join("keys", "audit")) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := (config.Server{Database: urls}).AuditSigner(); err != nil { // makes it
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err != nil {
		t.Error(err)
	}
	erase := EraseAudit{Database: urls, Service: event.Review, Entry: 1, Field: "reason", Reason: "asked for by who is named"}
	if err := erase.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err != nil {
		t.Errorf("after an erasure: %v", err)
	}
	for _, wrong := range []EraseAudit{
		{Database: urls, Service: event.Review, Entry: 9, Field: "reason", Reason: "x"},
		{Database: urls, Service: event.Review, Entry: 1, Field: "act", Reason: "x"},
		{Database: urls, Service: event.Review, Entry: 1, Field: "name", Reason: " "},
	} {
		if err := wrong.Run(t.Context()); err == nil {
			t.Errorf("erased: %+v", wrong)
		}
	}
	ruler := testkit.Open(t, address, "")
	if _, err := ruler.ExecContext(t.Context(), `UPDATE voting.audit SET reason = 'other'`); err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "1 problem") {
		t.Errorf("after a rewrite: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "keys", "audit")); err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err == nil {
		t.Error("checked without a key")
	}
}
