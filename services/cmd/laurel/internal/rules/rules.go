// Package rules is `laurel rulebook`: what is wrong with a rulebook, before a
// selection is made of it.
package rules

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Command is `laurel rulebook`.
type Command struct {
	Check Check `cmd:"" help:"Say what is wrong with rulebooks, line by line, as the page of a new selection does."`
}

// Check is `laurel rulebook check`.
type Check struct {
	Files []string `arg:"" type:"path" placeholder:"FILE" help:"Rulebooks in YAML or JSON."`

	out io.Writer
}

// Run tells of each file its hash, or its mistakes a line each the way compilers
// do: FILE:LINE:COLUMN: FIELD: what.
func (c *Check) Run() error {
	if c.out == nil {
		c.out = os.Stdout
	}
	var lines []string
	for _, file := range c.Files {
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rules, wrong := rulebook.Check(src, time.Now())
		for _, w := range wrong {
			at := file
			if w.Line > 0 {
				at = fmt.Sprintf("%s:%d:%d", file, w.Line, w.Column)
			}
			lines = append(lines, fmt.Sprintf("%s: %s: %s", at, w.Name, w.Message))
		}
		if len(wrong) == 0 {
			for _, d := range rules.Doubts() {
				fmt.Fprintf(c.out, "%s:%d:%d: worth another look: %s: %s\n", file, d.Line, d.Column, d.Name, d.Message)
			}
			fmt.Fprintf(c.out, "%s  %s\n", rules.Hash(), file)
		}
	}
	if len(lines) > 0 {
		return errors.New("there are mistakes:\n" + strings.Join(lines, "\n"))
	}
	return nil
}
