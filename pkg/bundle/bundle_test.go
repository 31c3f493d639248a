package bundle_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
	"github.com/laurel-awards/laurel/pkg/reason"
)

func check(t *testing.T, file []byte, o bundle.Options) (bundle.Report, error) {
	t.Helper()
	return bundle.Check(bytes.NewReader(file), int64(len(file)), o)
}

func codes(all []reason.Reason) (codes []string) {
	for _, r := range all {
		codes = append(codes, strings.TrimPrefix(r.Code, "bundle_"))
	}
	return codes
}

// A whole bundle holds, with every check named; it has the same bytes each time, and
// any program reads it.
func TestCheck(t *testing.T) {
	t.Parallel()
	s := bundletest.New(t, 40)
	file := s.Zip(t)
	if !bytes.Equal(file, s.Zip(t)) {
		t.Error("the same selection gives another file")
	}
	report, err := check(t, file, bundle.Options{Receipts: []bundle.Given{{Name: "receipt.json", Text: s.Receipts[1]}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"signed", "parts", "hash", "hash", "hash", "hash", "hash", "log", "ballots", "votes", "composite", "quotas", "ties", "lot", "result", "awards",
		"published", "decision", "receipt",
	}, codes(report.Passed)); diff != "" {
		t.Errorf("what holds (-want +got):\n%s", diff)
	}
	unchecked := []string{"whose_key", "lot_source", "members", "receipt_code", "untold", "log_keys", "published_rest"}
	if diff := cmp.Diff(unchecked, codes(report.Unchecked)); diff != "" {
		t.Errorf("what is not checked (-want +got):\n%s", diff)
	}
	for _, r := range slices.Concat(report.Passed, report.Unchecked) {
		tells(t, r)
	}
	for _, lang := range reason.Languages() {
		for _, r := range slices.Concat(report.Passed, report.Unchecked) {
			if text := bundle.NewSpeaker(lang).Text(r); strings.ContainsAny(text, "{}") && r.Code != "bundle_hash" || strings.HasPrefix(text, "bundle_") {
				t.Errorf("%s: %s", lang, text)
			}
		}
	}
	read, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range read.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if want, own := s.Parts[f.Name]; err != nil || own && want != string(body) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if _, err := check(t, file, bundle.Options{Keys: s.Signer.Public().String()}); err != nil {
		t.Errorf("with the installation's key: %v", err)
	}
	if _, err := check(t, file, bundle.Options{Keys: bundletest.Seed(t, 9).Public().String()}); err == nil {
		t.Error("another installation's key holds, too")
	}
}

// What the rulebook has kept back is said, and so is what hangs on it.
func TestCheck_withheld(t *testing.T) {
	t.Parallel()
	s := bundletest.New(t, 12)
	s.Withhold(bundle.ScoresPart, bundle.ResultPart)
	report, err := check(t, s.Zip(t), bundle.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if holds := codes(report.Passed); slices.Contains(holds, "composite") || slices.Contains(holds, "published") || slices.Contains(holds, "quotas") {
		t.Errorf("it holds without scores: %v", holds)
	}
	said := ""
	for _, r := range report.Unchecked {
		said += bundle.NewSpeaker("en").Text(r) + "\n"
	}
	for _, want := range []string{
		"not published: scores.csv (the rulebook keeps it back), so nothing is held to the scores_hash",
		"not published: scores.csv (the rulebook keeps it back), and what hangs on it: totals and ranks, quotas, ties and lots, who has which award",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}
