// Package slips is `laurel slips`: a printing office's part in handing out voters'
// codes that no organizer reads.
package slips

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// Command is `laurel slips`.
type Command struct {
	Key  Key  `cmd:"" help:"Make the office's key: the file stays with the office, the public key goes to the operator."`
	Open Open `cmd:"" help:"Write the slips of a sealed file, as a page to be printed and cut, or as a spreadsheet."`
}

// Key is `laurel slips key`.
type Key struct {
	File string `arg:"" type:"path" help:"File to be made; it must not be there."`
}

// Run makes a key and tells its public half.
func (c *Key) Run() error {
	text, public, err := codelist.NewKey()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	fmt.Printf("The key is in %s. Keep it, show it to nobody, and destroy it when the slips are printed.\nPublic key, for PRINTING_KEY:\n%s\n", c.File, public)
	return nil
}

// Open is `laurel slips open`.
type Open struct {
	Sealed   string `arg:"" type:"existingfile" help:"The file that the organizer sent."`
	Key      string `required:"" type:"existingfile" help:"The office's key."`
	To       string `required:"" type:"path" help:"File to be made; it must not be there."`
	Format   string `default:"html" enum:"html,xlsx" help:"html: slips to be printed and cut; xlsx: a spreadsheet, for a mail merge."`
	Language string `default:"zh-CN" enum:"zh-CN,en" help:"Of the slips."`
}

// Run writes the slips.
func (c *Open) Run(_ context.Context) (err error) {
	sealed, err := os.Open(c.Sealed)
	if err != nil {
		return err
	}
	defer sealed.Close()
	key, err := os.Open(c.Key)
	if err != nil {
		return err
	}
	defer key.Close()
	s, err := codelist.OpenSlips(sealed, key)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return server.WriteSlips(w, c.Language, s) }
	if c.Format == "xlsx" {
		write = func(w io.Writer) error { return server.WriteCodes(w, s.Address, s.Codes) }
	}
	if err := errors.Join(write(out), out.Close()); err != nil {
		return errors.Join(err, os.Remove(c.To))
	}
	fmt.Printf("%d slips of %s, list %d, are in %s.\n", len(s.Codes), s.Slug, s.Export, c.To)
	return nil
}
