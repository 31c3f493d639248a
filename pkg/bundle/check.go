package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Options are what a check is told beside the file.
type Options struct {
	// Keys are the installation's, as it publishes them; empty: those of the file.
	Keys string
	// Receipts are answers of the API, in JSON, to be looked for in the ballot log.
	Receipts []Given
	// Budget is of the search about quotas; 0: ranking.DefaultBudget.
	Budget int64
	// Progress is called with how many bytes have been read of how many, by two
	// goroutines at once; nil: by nobody.
	Progress func(done, total int64)
}

// Given is a file beside the bundle.
type Given struct{ Name, Text string }

// Report is what was found.
type Report struct {
	Slug      string
	Passed    []reason.Reason
	Unchecked []reason.Reason // what the file does not tell, and what it would show
	Votes     map[int]int64   // by candidate, as recounted
}

// Failure is the first thing that does not hold.
type Failure struct {
	reason.Reason

	// Broken: the file is as its installation signed it, and contradicts itself. It
	// is evidence.
	Broken bool
	// Theirs: it is a file beside the bundle that does not hold.
	Theirs bool
	cause  error
}

// Error implements error, in English.
func (f *Failure) Error() string { return NewSpeaker("en").Text(f.Reason) }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.cause }

// Check checks a bundle of so many bytes. The error is a *Failure, or of the
// reading; the report then has what held before it.
func Check(file io.ReaderAt, size int64, o Options) (Report, error) {
	c := &checker{file: file, Options: o}
	err := c.check(size)
	if f := (*Failure)(nil); errors.As(err, &f) {
		f.Broken = c.signed && !f.Theirs
	}
	return c.Report, err
}

type checker struct {
	Options
	Report

	file     io.ReaderAt
	entries  map[string]entry
	manifest Manifest
	signed   bool // manifest and parts are what the installation signed
	progress struct {
		sync.Mutex

		done, total int64
	}

	rb      *rulebook.Rulebook
	results results
	keys    ballotlog.PublicKey // of the log
	head    ballotlog.Head
	recount ballotlog.Recount
	votes   map[int]int64
}

func (c *checker) hold(code string, params ...reason.Param) {
	c.Passed = append(c.Passed, reason.New("bundle_"+code, params...))
}

func (c *checker) leave(code string, params ...reason.Param) {
	c.Unchecked = append(c.Unchecked, reason.New("bundle_"+code, params...))
}

func fail(code string, params ...reason.Param) *Failure {
	return &Failure{Reason: reason.New("bundle_"+code, params...)}
}

// broken is a part that cannot be read, or does not hold by itself.
func broken(part string, err error) *Failure {
	if f := (*Failure)(nil); errors.As(err, &f) {
		return f
	}
	f := fail("part_wrong", text("part", part), text("detail", err.Error()))
	f.cause = err
	return f
}

// text is a parameter that is shown as it is.
func text(name string, values ...string) reason.Param { return reason.Of(name, "text", values...) }

func count[N int | int64](name string, n N) reason.Param { return reason.Number(name, reason.Count, n) }

func (c *checker) check(size int64) error {
	if err := c.open(size); err != nil {
		return err
	}
	c.progress.total = 2 * size
	sums := make(chan error, 1)
	go func() { sums <- c.sums() }() // on another core: it takes as long as the rest
	var wrong error
	if size < stretch { // it takes no time, and what does not hold need not be computed
		wrong = <-sums
		sums <- wrong
	}
	var err error
	if wrong == nil {
		err = c.contents()
	}
	if wrong := <-sums; wrong != nil {
		c.Passed, c.Unchecked = c.Passed[:1], c.Unchecked[:1]
		return wrong
	}
	c.signed = true
	c.Passed = slices.Insert(c.Passed, 1, reason.New("bundle_parts", count("n", len(c.manifest.Parts))))
	return err
}

// open reads the headings, and the manifest with its signature.
func (c *checker) open(size int64) error {
	entries, err := list(c.file, size)
	if errors.Is(err, errZip) {
		return broken("ZIP", err)
	}
	if err != nil {
		return err
	}
	c.entries = map[string]entry{}
	for _, e := range entries {
		c.entries[e.name] = e
	}
	listed, err := c.read(BundleKey, maxManifest)
	if err != nil {
		return err
	}
	signed, err := c.read(ManifestPart, maxManifest)
	if err != nil {
		return err
	}
	if crc32.ChecksumIEEE(signed) != c.entries[ManifestPart].crc {
		return broken(ManifestPart, errSum)
	}
	keys, err := listedKeys(listed)
	if err != nil {
		return broken(BundleKey, err)
	}
	if c.Keys != "" {
		own, err := ballotlog.ParsePublicKey(c.Keys)
		if err != nil {
			return broken("--key", err)
		}
		keys = own
	}
	told, err := keys.OpenNote(string(signed))
	if err != nil {
		return broken(ManifestPart, err)
	}
	if c.manifest, err = ParseManifest(told); err != nil {
		return broken(ManifestPart, err)
	}
	c.Slug = c.manifest.Slug
	c.hold("signed", text("slug", c.Slug), text("keys", keys.Texts()...))
	if c.Keys == "" {
		c.leave("whose_key", text("keys", keys.Texts()...))
	} else {
		c.leave("same_for_all")
	}
	return c.complete()
}

// listedKeys reads a list of keys that each of them has signed.
func listedKeys(list []byte) (ballotlog.PublicKey, error) {
	keys, err := ballotlog.ParsePublicKey(string(list))
	if err != nil {
		return keys, err
	}
	told, err := keys.OpenNote(string(list))
	if err == nil && told != keys.String()+"\n" {
		err = errors.New("it is not written the one way it can be")
	}
	return keys, err
}

// complete holds the parts that are there against the manifest.
func (c *checker) complete() error {
	for _, p := range c.manifest.Parts {
		e, ok := c.entries[p.Name]
		switch {
		case !ok || p.Name == ManifestPart:
			return fail("part_missing", text("part", p.Name))
		case int64(e.size) != p.Size:
			return fail("part_size", text("part", p.Name), count("is", int64(e.size)), count("told", p.Size))
		}
	}
	for name := range c.entries {
		if _, ok := c.manifest.part(name); !ok && name != ManifestPart {
			return fail("part_added", text("part", name))
		}
	}
	for _, name := range known() {
		if _, ok := c.manifest.part(name); !ok && c.manifest.why(name) == "" {
			return fail("part_unnamed", text("part", name))
		}
	}
	return nil
}

var errSum = errors.New("its bytes are not those that were signed")

// sums holds every part against its hash.
func (c *checker) sums() error {
	for _, p := range c.manifest.Parts {
		sum, check := sha256.New(), crc32.NewIEEE()
		if _, err := io.Copy(io.MultiWriter(sum, check), c.reader(p.Name)); err != nil {
			return fmt.Errorf("read %s: %w", p.Name, err)
		}
		if is := hex.EncodeToString(sum.Sum(nil)); is != p.Hash {
			return fail("part_hash", text("part", p.Name), text("is", is), text("told", p.Hash))
		}
		if check.Sum32() != c.entries[p.Name].crc {
			return broken(p.Name, errors.New("its sum in the ZIP is another one"))
		}
	}
	return nil
}

// has tells whether there is a part.
func (c *checker) has(name string) bool { _, ok := c.entries[name]; return ok }

// reader reads a part.
func (c *checker) reader(name string) io.Reader {
	e := c.entries[name]
	return &counted{io.NewSectionReader(c.file, e.body(), int64(e.size)), c}
}

// read reads a small part.
func (c *checker) read(name string, limit int64) ([]byte, error) {
	e, ok := c.entries[name]
	switch {
	case !ok:
		return nil, fail("part_missing", text("part", name))
	case int64(e.size) > limit:
		return nil, fail("part_large", text("part", name), count("is", int64(e.size)), count("limit", limit))
	}
	return readAt(c.file, e.body(), int64(e.size))
}

// counted tells the progress of what is read.
type counted struct {
	io.Reader

	c *checker
}

// stretch is how many bytes are read between two words of progress.
const stretch = 1 << 20

func (r *counted) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.c.Progress == nil {
		return n, err
	}
	r.c.progress.Lock()
	defer r.c.progress.Unlock()
	before := r.c.progress.done / stretch
	if r.c.progress.done += int64(n); r.c.progress.done/stretch != before {
		r.c.Progress(min(r.c.progress.done, r.c.progress.total), r.c.progress.total)
	}
	return n, err
}

// contents holds the parts against each other.
func (c *checker) contents() error {
	for _, check := range []func() error{c.rules, c.published, c.log, c.tally, c.compute, c.decision, c.receipts} {
		if err := check(); err != nil {
			return err
		}
	}
	c.rest()
	return nil
}

// rules reads the rulebook.
func (c *checker) rules() error {
	src, err := c.read(RulebookPart, maxSmall)
	if err != nil {
		return err
	}
	if c.rb, err = rulebook.Parse(src); err != nil {
		return broken(RulebookPart, err)
	}
	if own, err := c.rb.Canonical(); err != nil || string(own) != string(src) {
		return broken(RulebookPart, errors.Join(errors.New("it is not in its canonical form"), err))
	}
	return nil
}

// maxSmall is the most bytes of a part that is read as a whole.
const maxSmall = 256 << 20

// rest tells what no part shows.
func (c *checker) rest() {
	for _, p := range c.manifest.Parts {
		if !slices.Contains(known(), p.Name) {
			c.leave("part_unknown", text("part", p.Name))
		}
	}
	if len(c.rb.Voting.Voters) > 0 {
		rules := []reason.Reason{reason.New("bundle_untold_voters"), reason.New("bundle_untold_open")}
		if c.rb.Voting.Hours.IsSet() {
			rules = append(rules, reason.New("bundle_untold_hours"))
		}
		if len(c.rb.Voting.Limits) > 0 {
			rules = append(rules, reason.New("bundle_untold_limits"))
		}
		c.leave("untold", reason.Because("rules", rules...))
		c.leave("log_keys", text("keys", strings.Join(c.keys.Texts(), ", ")))
	}
	c.leave("published_rest")
}

func known() []string {
	return []string{BundleKey, CandidatesPart, CheckpointPart, KeyPart, LeavesPart, ResultPart, ResultsPart, RulebookPart, ScoresPart, VotesPart}
}
