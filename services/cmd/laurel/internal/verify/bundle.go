package verify

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/reason"
)

// isBundle tells whether a file is a ZIP.
func isBundle(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false // and reading it says why
	}
	defer f.Close()
	begin := make([]byte, 4)
	_, err = io.ReadFull(f, begin)
	return err == nil && string(begin) == "PK\x03\x04"
}

// bundle checks the one file of a published result, and receipts beside it.
func (c *Command) bundle(name string) error {
	o := bundle.Options{Budget: c.Budget}
	for _, other := range c.Files {
		if other == name {
			continue
		}
		text, err := readSmall(other)
		if err != nil {
			return refusal{fmt.Errorf("%s: %w", other, err), exitUnread}
		}
		if _, err := bundle.ReadRecorded(other, text); err != nil {
			return refusal{fmt.Errorf("%s: beside a bundle only receipts are read: %w", other, err), exitUnread}
		}
		o.Receipts = append(o.Receipts, bundle.Given{Name: other, Text: string(text)})
	}
	if c.Key != "" {
		text, err := readSmall(c.Key)
		if err != nil {
			return refusal{fmt.Errorf("--key: %w", err), exitUnread}
		}
		o.Keys = string(text)
	}
	f, err := os.Open(name)
	if err != nil {
		return refusal{err, exitUnread}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return refusal{err, exitUnread}
	}
	report, err := bundle.Check(f, info.Size(), o)
	c.tell(name, report, err)
	var wrong *bundle.Failure
	switch {
	case err == nil && c.Selection != "" && c.Selection != report.Slug:
		return refusal{fmt.Errorf("%s: it is of %q, not of %q", name, report.Slug, c.Selection), exitRefused}
	case errors.As(err, &wrong) && wrong.Broken:
		return refusal{fmt.Errorf("%s: %w", name, c.speak(wrong)), exitBroken}
	case errors.As(err, &wrong):
		return refusal{fmt.Errorf("%s: %w", name, c.speak(wrong)), exitRefused}
	case err != nil:
		return refusal{fmt.Errorf("%s: %w", name, err), exitUnread}
	}
	return nil
}

// speak is a failure in the language that was asked for.
func (c *Command) speak(f *bundle.Failure) error {
	return errors.New(bundle.NewSpeaker(c.language()).Text(f.Reason))
}

func (c *Command) language() string {
	if c.Lang == "" {
		return "en"
	}
	return c.Lang
}

// tell prints each check, also of those before one that does not hold.
func (c *Command) tell(name string, report bundle.Report, err error) {
	say := func(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }
	heads := map[string][3]string{
		"en":    {"%s, the bundle of %s, holds.", "%s: this holds:", "Not checked:"},
		"zh-CN": {"%s（%s 的核验文件）成立。", "%s：以下成立：", "未核对："},
	}[c.language()]
	speaker := bundle.NewSpeaker(c.language())
	lines := func(all []reason.Reason) {
		for _, r := range all {
			say("  %s", speaker.Text(r))
		}
	}
	if err == nil {
		say(heads[0], name, report.Slug)
	} else if len(report.Passed) > 0 {
		say(heads[1], name)
	}
	lines(report.Passed)
	if len(report.Unchecked) > 0 {
		say("%s", heads[2])
		lines(report.Unchecked)
	}
}
