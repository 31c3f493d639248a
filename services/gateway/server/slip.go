package server

import (
	"io"

	"github.com/laurel-awards/laurel/services/gateway/internal/print"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// WriteSlips writes the slips of a sealed list as organizers' slips are, in a
// language of the pages.
func WriteSlips(w io.Writer, language string, s codelist.Slips) error {
	return print.WriteSlips(w, language, print.Slips{Title: s.Title, Address: s.Address, Codes: s.Codes})
}

// WriteCodes writes a list of codes as a spreadsheet; address is that of the
// selection's page.
func WriteCodes(w io.Writer, address string, codes []identity.Coded) error {
	return print.WriteCodes(w, address, codes)
}
