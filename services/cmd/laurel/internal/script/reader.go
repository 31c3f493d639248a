package script

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/review"
)

// What a reader of the results page finds: files to download, and lines to copy.
var (
	linkedFile = regexp.MustCompile(`<a href="([^"]+)" download="([^"/]+)"`)
	copiedLine = regexp.MustCompile(`<pre[^>]*><code>([^<]+)</code></pre>`)
)

// Checked does what the results page tells a reader: it downloads what the page
// links, and runs the lines that it gives, with the laurel at binary. Then it
// compares the page's data with the result that was checked.
func (s *Script) Checked(ctx context.Context, binary string) error {
	dir, err := os.MkdirTemp("", "laurel-reader-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := s.Download(ctx, dir); err != nil {
		return err
	}
	lines, err := s.Copied(ctx)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if out, err := RunCopied(ctx, dir, binary, line); err != nil {
			return fmt.Errorf("%s: %w\n%s", line, err, out)
		}
	}
	return s.samePublished(ctx, filepath.Join(dir, "result.json"))
}

// Download puts every file that the results page links into dir.
func (s *Script) Download(ctx context.Context, dir string) error {
	page, err := s.API.Page(ctx, "/s/"+s.Slug+"/results")
	if err != nil {
		return err
	}
	links := linkedFile.FindAllSubmatch(page, -1)
	if len(links) == 0 {
		return fmt.Errorf("the results page links no files")
	}
	for _, link := range links {
		var body []byte
		if err := s.retry(ctx, func() (err error) { // one of them may still be being made
			body, err = s.API.Page(ctx, html.UnescapeString(string(link[1])))
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w", link[1], err)
		}
		if err := os.WriteFile(filepath.Join(dir, string(link[2])), body, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Copied are the lines that the results page gives to copy.
func (s *Script) Copied(ctx context.Context) (lines []string, err error) {
	page, err := s.API.Page(ctx, "/s/"+s.Slug+"/results")
	if err != nil {
		return nil, err
	}
	for _, line := range copiedLine.FindAllSubmatch(page, -1) {
		lines = append(lines, html.UnescapeString(string(line[1])))
	}
	if len(lines) < 2 {
		return nil, fmt.Errorf("the results page gives %d lines to copy", len(lines))
	}
	return lines, nil
}

// RunCopied runs a line in dir, where laurel is the binary.
func RunCopied(ctx context.Context, dir, binary, line string) ([]byte, error) {
	if _, err := exec.LookPath("sha256sum"); err != nil { // elsewhere it has another name
		line = strings.Replace(line, "sha256sum ", "shasum -a 256 ", 1)
	}
	tools := filepath.Join(dir, ".bin")
	if err := os.MkdirAll(tools, 0o700); err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(binary, filepath.Join(tools, "laurel")); err != nil && !os.IsExist(err) {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	return cmd.CombinedOutput()
}

// samePublished compares what is published with the result in a file.
func (s *Script) samePublished(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var approved review.Result
	var computed ranking.Result
	if err := json.Unmarshal(text, &approved); err != nil {
		return err
	}
	if err := json.Unmarshal(approved.Ranking, &computed); err != nil {
		return err
	}
	results, err := s.API.Results(ctx, s.Slug)
	if err != nil {
		return err
	}
	type row struct {
		Candidate  string
		Rank       int
		Total      string
		Components map[string]string
		Award      string
	}
	var published, recomputed []row
	for _, r := range results.Ranking {
		published = append(published, row{strconv.Itoa(r.Number), r.Rank, r.Total, r.Components, r.Award})
	}
	for _, r := range computed.Ranking {
		recomputed = append(recomputed, row{r.Candidate, r.Rank, r.Total, r.Components, r.Award})
	}
	if diff := cmp.Diff(recomputed, published); diff != "" {
		return fmt.Errorf("computed and published differ:\n%s", diff)
	}
	if len(published) != len(s.Candidates) {
		return fmt.Errorf("%d of %d candidates are ranked", len(published), len(s.Candidates))
	}
	return nil
}
