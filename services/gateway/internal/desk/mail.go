package desk

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/identity"
)

const (
	ownMail        = root + "/mail" // of the installation
	lettersPerPage = 50
	// triedFor is how long a try may last before nothing is heard of it any more.
	triedFor = 2 * time.Minute
)

func (d *desk) mountMail() {
	d.section(app.ReadMail, "mail", "desk.mail", d.mail)
	d.page(app.ReadMail, of+"/mail/:letter", d.letter)
	d.form(app.ChangeMail, of+"/mail", "change", d.changeMail)
	d.form(app.ChangeMail, of+"/mail/:letter", "withdraw", d.withdrawMail, "reason")
	d.page(app.ReadOwnMail, ownMail, d.mail)
	d.page(app.ReadOwnMail, ownMail+"/:letter", d.letter)
	d.form(app.ChangeOwnMail, ownMail, "change", d.changeMail)
	d.form(app.ChangeOwnMail, ownMail+"/:letter", "withdraw", d.withdrawMail, "reason")
	d.mountWording()
}

// mailAt is the address of the letters of a selection, or of the installation.
func mailAt(at *place) string {
	if at.Slug == "" {
		return ownMail
	}
	return at.Path("mail")
}

// sentAt shows a time of a letter.
func sentAt(at *place, t time.Time) web.Moment {
	if at.Slug == "" {
		return at.utc(t)
	}
	return at.moment(t)
}

func mayChangeMail(at *place) bool {
	if at.Slug == "" {
		return at.Can(app.ChangeOwnMail)
	}
	return at.Can(app.ChangeMail)
}

// mailPage lists letters with what has become of each.
type mailPage struct {
	At       string // address
	On       bool
	Own      bool // they are the installation's
	Filters  []Field
	Filtered bool
	Rows     []mailRow
	All      int
	Pager    Pager
	Acts     []mailAct
	Waiting  []handRow // who waits for a link by hand, where no mail is sent
	People   string    // address
	Wordings []link
}

type mailRow struct {
	Href, Address, Kind string
	State               string // as it is called in the style sheet
	Fate                []Text
	Made                web.Moment
}

// mailAct does something to all letters to which it can be done, or to one.
type mailAct struct{ Do, Text string }

type handRow struct {
	Name, Email string
	Until       *web.Moment // of the link that was shown
}

func (d *desk) mail(c echo.Context, at *place) error {
	in := identity.ListMail{
		Slug: at.Slug, State: one(identity.LetterStates(), c.QueryParam("state")), Kind: one(kindsAt(at), c.QueryParam("kind")),
		Search: strings.TrimSpace(c.QueryParam("q")), Page: pageOf(c), Most: lettersPerPage,
	}
	page, err := d.app.Mail(c.Request().Context(), in)
	if err != nil {
		return err
	}
	data := mailPage{
		At: mailAt(at), On: page.On, Own: at.Slug == "", Filters: mailFilters(at, in, page), All: page.Count(),
		Filtered: in.State != "" || in.Kind != "" || in.Search != "", Pager: pager(c, page.Found, lettersPerPage),
	}
	for _, l := range page.Letters {
		data.Rows = append(data.Rows, mailRow{
			Href: data.At + "/" + l.ID, Address: l.Address, Kind: at.T("desk.mail.kind." + string(l.Kind)), State: string(l.State),
			Fate: d.fateOf(at, l), Made: sentAt(at, l.CreatedAt),
		})
	}
	if mayChangeMail(at) {
		data.Acts = allActs(at, page)
	}
	if at.Slug != "" {
		if at.Can(app.WordLetters) || at.Can(app.ReadMail) {
			for _, k := range identity.WordingKinds() {
				data.Wordings = append(data.Wordings, link{Href: wordingAt(at, k), Text: at.T("desk.wording.kind." + string(k))})
			}
		}
		if !page.On {
			data.People = d.to(at, "people")
			if data.Waiting, err = d.handedOver(c, at); err != nil {
				return err
			}
		}
	}
	title := at.T("desk.mail.title")
	if data.Own {
		title = at.T("desk.mail.own")
	}
	return d.render(c, at, web.Page{Name: "mail", Title: title, Data: data})
}

// one is a value if it is among all; empty if not: an address that asks for
// something else asks for all.
func one[T ~string](all []T, value string) T {
	for _, x := range all {
		if string(x) == value {
			return x
		}
	}
	return ""
}

// kindsAt are the kinds of letter that there may be.
func kindsAt(at *place) []identity.LetterKind {
	if at.Slug == "" {
		return identity.LetterKinds()
	}
	return identity.SelectionLetters()
}

func mailFilters(at *place, in identity.ListMail, page identity.MailPage) []Field {
	state := Field{Name: "state", Kind: "select", Label: at.T("desk.mail.state"), Value: string(in.State), Optional: true}
	state.Options = []Option{{Text: at.T("desk.mail.all", "n", page.Count())}}
	for _, s := range identity.LetterStates() {
		state.Options = append(state.Options, Option{Value: string(s), Text: at.T("desk.mail.of", "what", at.T("desk.mail.state."+string(s)), "n", page.Count(s))})
	}
	kind := Field{Name: "kind", Kind: "select", Label: at.T("desk.mail.kind"), Value: string(in.Kind), Optional: true}
	kind.Options = []Option{{Text: at.T("desk.mail.kinds")}}
	for _, k := range kindsAt(at) {
		kind.Options = append(kind.Options, Option{Value: string(k), Text: at.T("desk.mail.kind." + string(k))})
	}
	return []Field{{Name: "q", Kind: "search", Label: at.T("desk.mail.search"), Value: in.Search, Max: 254, Optional: true}, state, kind}
}

// allActs are what can be done to all letters at once.
func allActs(at *place, page identity.MailPage) (acts []mailAct) {
	waiting, held, dead := 0, 0, 0
	for _, f := range page.Figures {
		ours := one(identity.SelectionLetters(), string(f.Kind)) != ""
		switch f.State {
		case identity.LetterQueued, identity.LetterDeferred, identity.LetterSending:
			if ours {
				waiting += f.Letters
			}
		case identity.LetterHeld:
			held += f.Letters
		case identity.LetterDead:
			dead += f.Letters
		}
	}
	for _, a := range []struct {
		do identity.MailAct
		n  int
	}{{identity.HoldMail, waiting}, {identity.ReleaseMail, held}, {identity.RetryMail, dead}} {
		if a.n > 0 {
			acts = append(acts, mailAct{string(a.do), at.N("desk.mail.all."+string(a.do), int64(a.n))})
		}
	}
	return acts
}

// handedOver are those who have not come, whom a link is handed to.
func (d *desk) handedOver(c echo.Context, at *place) (all []handRow, err error) {
	people, err := d.app.People(c.Request().Context(), at.Slug)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if p.Account.State != identity.StateInvited {
			continue
		}
		row := handRow{Name: p.Account.Name, Email: p.Account.Email}
		if p.LinkUntil != nil {
			row.Until = new(at.moment(*p.LinkUntil))
		}
		all = append(all, row)
	}
	return all, nil
}

// fateOf says what has become of a letter, in the mail server's words where it
// refused.
func (d *desk) fateOf(at *place, l identity.MailLetter) []Text {
	key, when := "desk.mail.fate."+string(l.State), ""
	switch {
	case l.State == identity.LetterSending && l.BegunAt != nil && d.Now().Sub(*l.BegunAt) > triedFor:
		key, when = "desk.mail.fate.unknown", sentAt(at, l.DueAt).Text
	case l.State == identity.LetterDeferred:
		when = sentAt(at, l.DueAt).Text
	case l.SettledAt != nil && (l.State == identity.LetterSent || l.State == identity.LetterWithdrawn):
		key, when = key+".at", sentAt(at, *l.SettledAt).Text
	}
	told := []Text{{Text: at.N(key, int64(l.Tries), "time", when)}}
	if l.Error != "" {
		told = append(told, Text{Text: l.Error, Lang: web.English})
	}
	return told
}

// letterPage shows one letter.
type letterPage struct {
	identity.LetterRead

	At, Back  string
	Kind      string
	Fate      []Text
	Made      web.Moment
	Acts      []mailAct
	Withdraw  *Form // nil: it cannot be
	Two, Code bool  // it has two texts; it has a code
}

func (d *desk) letter(c echo.Context, at *place) error {
	return d.showLetter(c, at, http.StatusOK, takeBackForm(c, at))
}

func takeBackForm(c echo.Context, at *place) *Form {
	return &Form{Action: mailAt(at) + "/" + c.Param("letter") + "/withdraw", Button: at.T("desk.mail.withdraw"), Fields: []Field{
		at.reason("desk.mail.withdraw.hint"),
	}}
}

func (d *desk) showLetter(c echo.Context, at *place, status int, form *Form) error {
	read, err := d.app.Letter(c.Request().Context(), identity.OfLetter{Slug: at.Slug, Letter: c.Param("letter")})
	if err != nil {
		return err
	}
	data := letterPage{
		LetterRead: read, At: mailAt(at) + "/change", Back: mailAt(at), Kind: at.T("desk.mail.kind." + string(read.Kind)), Fate: d.fateOf(at, read.MailLetter),
		Made: sentAt(at, read.CreatedAt), Two: len(read.Texts) > 1, Code: read.Kind == identity.LetterCode,
	}
	if mayChangeMail(at) {
		add := func(do identity.MailAct) {
			data.Acts = append(data.Acts, mailAct{string(do), at.T("desk.mail.one." + string(do))})
		}
		switch read.State {
		case identity.LetterQueued, identity.LetterDeferred, identity.LetterSending:
			if read.Kept {
				add(identity.HoldMail)
				data.Withdraw = form
			}
		case identity.LetterHeld:
			add(identity.ReleaseMail)
			data.Withdraw = form
		case identity.LetterDead:
			add(identity.RetryMail)
		}
	}
	if form.Faulty() {
		data.Withdraw = form
	}
	return d.render(c, at, web.Page{
		Name: "letter", Status: status, Title: at.T("desk.mail.letter", "address", read.Address), Address: data.Back + "/" + read.ID, Data: data,
	})
}

// changeMail does something to one letter or to all.
func (d *desk) changeMail(c echo.Context, at *place, typed url.Values) error {
	in := identity.ChangeMail{Slug: at.Slug, Letter: typed.Get("letter"), Do: identity.MailAct(typed.Get("do"))}
	out, err := d.app.ChangeMail(c.Request().Context(), in)
	if err != nil {
		return err
	}
	to, values := mailAt(at), map[string]string{}
	if in.Letter != "" {
		to, values["letter"] = to+"/"+in.Letter, in.Letter
	}
	var back *undo
	switch in.Do {
	case identity.HoldMail:
		values["do"] = string(identity.ReleaseMail)
		back = &undo{mailAt(at) + "/change", values}
	case identity.ReleaseMail:
		values["do"] = string(identity.HoldMail)
		back = &undo{mailAt(at) + "/change", values}
	}
	if in.Letter == "" && out.Letters == 0 {
		back = nil
	}
	return d.done(c, to, at.N("desk.mail.done."+string(in.Do), int64(out.Letters)), back)
}

func (d *desk) withdrawMail(c echo.Context, at *place, typed url.Values) error {
	in := identity.ChangeMail{Slug: at.Slug, Letter: c.Param("letter"), Do: identity.WithdrawMail, Reason: typed.Get("reason")}
	out, err := d.app.ChangeMail(c.Request().Context(), in)
	if err != nil {
		form := takeBackForm(c, at)
		return d.again(c, at, form, typed, err, func(status int) error { return d.showLetter(c, at, status, form) })
	}
	return d.done(c, mailAt(at)+"/"+in.Letter, at.N("desk.mail.done.withdraw", int64(out.Letters)), nil)
}
