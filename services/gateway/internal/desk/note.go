package desk

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/web"
)

// note is what a page says of the act that led to it.
type note struct {
	Text string `json:"text"` // in the reader's language
	Undo *undo  `json:"undo,omitempty"`
}

// undo takes an act back.
type undo struct {
	Action string            `json:"action"` // address of a form
	Values map[string]string `json:"values"`
}

// noteLife is how long a note waits for its page.
const noteLife = time.Minute

// done leads on from an act that was done, and says so there. A browser comes back
// with the note in a cookie: the text is shown as text, and what takes the act
// back is a form of ours, at a desk.
func (d *desk) done(c echo.Context, to, text string, back *undo) error {
	if err := d.tell(c, text, back); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// maxNote is how long a note may be in bytes: browsers keep cookies of 4,096 bytes.
const maxNote = 2800

// tell leaves a note for the page that is read next. What would not fit into a
// cookie goes without its undo: the page has what else takes it back.
func (d *desk) tell(c echo.Context, text string, back *undo) error {
	said, err := json.Marshal(note{Text: text, Undo: back})
	if err == nil && len(said) > maxNote {
		said, err = json.Marshal(note{Text: text})
	}
	if err != nil {
		return err
	}
	d.SetCookie(c, web.CookieNote, base64.RawURLEncoding.EncodeToString(said), "/", noteLife)
	return nil
}

// said is the note that waits for this page, once.
func (d *desk) said(c echo.Context) *note {
	waits := d.Cookie(c, web.CookieNote)
	if waits == "" {
		return nil
	}
	d.SetCookie(c, web.CookieNote, "", "/", -time.Second)
	var n note
	said, err := base64.RawURLEncoding.DecodeString(waits)
	if err != nil || json.Unmarshal(said, &n) != nil || n.Text == "" {
		return nil
	}
	if n.Undo != nil && !ours(n.Undo.Action) {
		n.Undo = nil
	}
	return &n
}

// ours tells whether an address is that of a desk.
func ours(address string) bool {
	return (address == root || strings.HasPrefix(address, root+"/") || strings.HasPrefix(address, root+"?")) && !strings.ContainsAny(address, "\\\r\n")
}
