package gateway

import (
	"encoding/json"

	"github.com/laurel-awards/laurel/services/identity"
)

// ProveSecond answers the challenge of a sign-in: by one of the three.
type ProveSecond struct {
	Challenge string          `json:"challenge" maxLength:"128" doc:"Token of the challenge"`
	Code      string          `json:"code,omitempty" maxLength:"64" doc:"Of the authenticator app; each is taken once"`
	Recovery  string          `json:"recovery,omitempty" maxLength:"64" doc:"A code of recovery; each is taken once"`
	Passkey   json.RawMessage `json:"passkey,omitempty" doc:"WebAuthn's AuthenticationResponseJSON"`
}

// SignInByPasskey is what a passkey answered.
type SignInByPasskey struct {
	Ceremony string          `json:"ceremony" maxLength:"128" doc:"As it was begun"`
	Passkey  json.RawMessage `json:"passkey" doc:"WebAuthn's AuthenticationResponseJSON"`
}

// BeginFactor adds a second factor to one's account.
type BeginFactor struct {
	Kind    identity.FactorKind `json:"kind"`
	Present string              `json:"present" lines:"true" maxLength:"128" doc:"The account's password"`
}

// FinishFactor shows that the factor is there.
type FinishFactor struct {
	Ceremony string          `json:"ceremony" maxLength:"128" doc:"As it was begun"`
	Name     string          `json:"name,omitempty" maxLength:"400" doc:"As one calls it"`
	Code     string          `json:"code,omitempty" maxLength:"64" doc:"Of the authenticator app"`
	Passkey  json.RawMessage `json:"passkey,omitempty" doc:"WebAuthn's RegistrationResponseJSON"`
}

// Present shows the password again.
type Present struct {
	Present string `json:"present" lines:"true" maxLength:"128" doc:"The account's password"`
}
