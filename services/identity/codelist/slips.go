package codelist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/laurel-awards/laurel/services/identity"
)

// Slips are voters' codes for a printing office: all that is printed.
type Slips struct {
	Slug    string            `json:"slug"`
	Export  int               `json:"export"` // 1 for the first
	Title   map[string]string `json:"title"`  // of the selection, by language
	Address string            `json:"address"`
	Codes   []identity.Coded  `json:"codes"`
}

// Printer is a printing office, by its public key: age1…, of which the office
// alone has the other half (https://age-encryption.org/v1).
type Printer struct {
	Key       string
	recipient *age.X25519Recipient
}

// NewPrinter reads a public key.
func NewPrinter(key string) (*Printer, error) {
	r, err := age.ParseX25519Recipient(key)
	if err != nil {
		return nil, fmt.Errorf("the public key of a printing office is age1…, as laurel slips key tells it: %w", err)
	}
	return &Printer{r.String(), r}, nil
}

// Seal encrypts slips, which the office alone can read from then on.
func (p *Printer) Seal(s Slips) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, p.recipient)
	if err != nil {
		return nil, fmt.Errorf("seal slips: %w", err)
	}
	if err := json.NewEncoder(w).Encode(s); err != nil {
		return nil, fmt.Errorf("seal slips: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal slips: %w", err)
	}
	return b.Bytes(), nil
}

// NewKey makes the key of a printing office: the text of its file, and the
// public half.
func NewKey() (file, public string, err error) {
	k, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", fmt.Errorf("make a key: %w", err)
	}
	public = k.Recipient().String()
	return "# public key: " + public + "\n" + k.String() + "\n", public, nil
}

// OpenSlips decrypts slips with the file of the office's key, which may hold
// several.
func OpenSlips(sealed, keys io.Reader) (s Slips, err error) {
	identities, err := age.ParseIdentities(keys)
	if err != nil {
		return s, fmt.Errorf("the printing office's key: %w", err)
	}
	r, err := age.Decrypt(sealed, identities...)
	if err != nil {
		return s, fmt.Errorf("open slips: %w", err)
	}
	body, err := io.ReadAll(r) // whole and unchanged, before anything is printed
	if err != nil {
		return s, fmt.Errorf("open slips: %w", err)
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("open slips: %w", err)
	}
	return s, nil
}
