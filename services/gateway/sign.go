package gateway

import "encoding/json"

// SignDecision signs for a host what the committee has approved. It takes a proof at
// that moment of who signs: the password, with a code where the account has a second
// factor, or a passkey.
type SignDecision struct {
	Host       string          `json:"host" maxLength:"100" doc:"Its id in the rulebook"`
	ResultHash string          `json:"result_hash" maxLength:"64" doc:"Of the result that was read"`
	Signer     string          `json:"signer,omitempty" maxLength:"100" doc:"The name that is shown; none: the account's"`
	Present    string          `json:"present,omitempty" lines:"true" maxLength:"128" doc:"The account's password"`
	Code       string          `json:"code,omitempty" maxLength:"64" doc:"Of the authenticator app; each is taken once"`
	Recovery   string          `json:"recovery,omitempty" maxLength:"64" doc:"A code of recovery; each is taken once"`
	Ceremony   string          `json:"ceremony,omitempty" maxLength:"128" doc:"Of the passkey, as it was asked"`
	Passkey    json.RawMessage `json:"passkey,omitempty" doc:"WebAuthn's AuthenticationResponseJSON"`
}

// RefuseDecision returns what was approved to the committee.
type RefuseDecision struct {
	Host       string `json:"host" maxLength:"100" doc:"Its id in the rulebook"`
	ResultHash string `json:"result_hash" maxLength:"64" doc:"Of the result that was read"`
	Reason     string `json:"reason" lines:"true" maxLength:"1000" doc:"Why; it stands in the minutes"`
}
