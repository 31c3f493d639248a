package bundle_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
)

// BenchmarkCheck checks a bundle of a million ballots from a file, as `laurel verify`
// does; peak-MB is what the process has ever had in memory.
func BenchmarkCheck(b *testing.B) {
	s := bundletest.New(b, 1_000_000)
	path := filepath.Join(b.TempDir(), "bundle.zip")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := s.Write(f); err != nil {
		b.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	b.SetBytes(info.Size())
	for b.Loop() {
		begun := time.Now()
		if _, err := bundle.Check(f, info.Size(), bundle.Options{}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begun).Seconds(), "s/check")
	}
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "VmHWM:") {
				b.Log(strings.TrimSpace(line))
			}
		}
	}
}
