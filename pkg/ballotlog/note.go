package ballotlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// ErrNote is a text that is not one that the keys signed.
var ErrNote = errors.New("not a signed text")

// SignNote signs any text of lines, as https://c2sp.org/signed-note has it. What it
// is must be told by its first line, so that no text can stand for one of another
// kind.
func (s Signer) SignNote(text string) (string, error) {
	signed, err := s.sign(text)
	if err != nil {
		return "", fmt.Errorf("ballotlog: sign a text: %w", err)
	}
	return signed, nil
}

// OpenNote verifies a signed text, and gives it without its signatures. All of them
// must be of k's keys, and written in the one way they can be. ErrNote.
func (k PublicKey) OpenNote(signed string) (text string, err error) {
	n, err := note.Open([]byte(signed), k.known())
	if err == nil && len(n.UnverifiedSigs) > 0 {
		err = fmt.Errorf("%d of its signatures are of other keys", len(n.UnverifiedSigs))
	}
	if err == nil && strings.Count(signed, "\n") != strings.Count(n.Text, "\n")+1+len(n.Sigs) {
		err = errors.New("a signature is there twice")
	}
	for i := 0; err == nil && i < len(n.Sigs); i++ {
		_, err = base64.StdEncoding.Strict().DecodeString(n.Sigs[i].Base64)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNote, err)
	}
	return n.Text, nil
}
