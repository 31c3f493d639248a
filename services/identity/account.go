package identity

import "time"

// State is how far an account is known to be its address's holder's.
type State string

// The states. No role takes effect before an account is claimed.
const (
	StateInvited  State = "invited"  // nobody has set a password
	StateUnproved State = "unproved" // claimed by a link that an organizer handed over: good where that organizer vouches, and nowhere else
	StateProved   State = "proved"   // whoever set the password reads the address's mail, or the operator has set it
)

// States are all of them.
func States() []State { return []State{StateInvited, StateUnproved, StateProved} }

// Account is a member of staff, or an address that was invited to be one.
type Account struct {
	ID        string    `json:"id"` // UUID
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	State     State     `json:"state"`
	Disabled  bool      `json:"disabled,omitempty"`
	Grants    []Grant   `json:"grants"`            // in effect
	Pending   []Grant   `json:"pending,omitempty"` // without effect while the account is as it is
	Ended     []Grant   `json:"ended,omitempty"`   // whose time is over
	// NeedsFactor is of a session: the account's roles take a second factor, and
	// have no effect before the session is proved by one.
	NeedsFactor bool `json:"needs_factor,omitempty"`
}

// May tells whether the account has a role in a selection, in the scope where
// one is given.
func (a Account) May(slug string, role Role, scope string) bool {
	for _, g := range a.Grants {
		if (g.Slug == slug || g.Slug == AnySelection) && g.Role == role && (scope == "" || g.Scope == scope) {
			return true
		}
	}
	return false
}

// Invite asks for a role for whoever has an address.
type Invite struct {
	Email string `json:"email"`
	Name  string `json:"name"` // of the holder, who may change it; the email where empty
	Grant        // until a time, of whoever stands in for somebody
	// HandOver has the link given to the caller, who hands it over, instead of
	// mailed. It is so in any case where no mail is sent. There is none for
	// AnySelection.
	HandOver bool `json:"hand_over,omitempty"`
}

// Invited is the account with its new role.
type Invited struct {
	Account    Account     `json:"account"`
	Invitation *Invitation `json:"invitation,omitempty"` // nil: the role needs none
}

// Invitation is how the holder of an address comes to claim it.
type Invitation struct {
	Mailed    bool      `json:"mailed"`
	Token     string    `json:"token,omitempty"` // of the link to be handed over; only its hash is kept
	ExpiresAt time.Time `json:"expires_at"`
}

// Link names a link by its token.
type Link struct {
	Token string `json:"token"`
}

// Needs is what a link takes to be used.
type Needs string

// What links take.
const (
	NeedsNew     Needs = "new_password"     // a password that becomes the account's
	NeedsPresent Needs = "present_password" // the account's own: a link that was handed over changes no password
)

// LinkRead is what a link is good for.
type LinkRead struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	State State  `json:"state"`
	Needs Needs  `json:"needs"`
}

// ClaimAccount uses a link.
type ClaimAccount struct {
	Token    string `json:"token"`
	Name     string `json:"name,omitempty"` // with NeedsNew; as it is where empty
	Password string `json:"password"`       // as the link needs
	Network  string `json:"network"`        // as with SignIn
	Around   string `json:"around"`
}

// ResetAsked is nothing: whether there is such an account is not told.
type ResetAsked struct{}

// ChangePassword is the holder's wish for a new password.
type ChangePassword struct {
	Token    string `json:"token"` // of the session
	Present  string `json:"present"`
	Password string `json:"password"`
	Network  string `json:"network"` // as with SignIn
	Around   string `json:"around"`
}

// Session is a signed-in account. The token is opaque; only its hash is kept.
// Where there is a challenge, there is no session before it is answered.
type Session struct {
	Token     string     `json:"token,omitempty"`
	ExpiresAt time.Time  `json:"expires_at"`
	Factors   []string   `json:"factors"` // by what it was proved
	Account   Account    `json:"account,omitzero"`
	Challenge *Challenge `json:"challenge,omitempty"`
}

// OpenSession is a session as its holder sees it.
type OpenSession struct {
	ID        string    `json:"id"` // UUID; not the token
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Factors   []string  `json:"factors"`
	Network   string    `json:"network,omitempty"` // from where it was opened
	Current   bool      `json:"current,omitempty"` // the one that asks
}

// EndSessions ends the session of an id, or all others where there is none.
type EndSessions struct {
	Token string `json:"token"`
	ID    string `json:"id,omitempty"`
}

// ChangeAccess disables or enables the account with an email.
type ChangeAccess struct {
	Email  string `json:"email"`
	Reason string `json:"reason"`
}
