package gateway

import "github.com/laurel-awards/laurel/services/identity"

// ChangeMail does something to letters.
type ChangeMail struct {
	Letter string           `json:"letter,omitempty" maxLength:"64" doc:"Id; empty: all to which it can be done"`
	Do     identity.MailAct `json:"do"`
	Reason string           `json:"reason,omitempty" lines:"true" maxLength:"1000" doc:"Needed where a letter is withdrawn"`
}

// WordLetter is what a letter is to say.
type WordLetter struct {
	Subject string `json:"subject,omitempty" maxLength:"400" doc:"One line of at most 200 characters"`
	ZH      string `json:"zh,omitempty" lines:"true" maxLength:"8000" doc:"Chinese text of at most 4,000 characters"`
	EN      string `json:"en,omitempty" lines:"true" maxLength:"8000" doc:"English text of at most 4,000 characters"`
}

// Words are the contract's.
func (w WordLetter) Words() identity.Words { return identity.Words(w) }

// SaveWording changes how a selection words a letter.
type SaveWording struct {
	WordLetter

	Version int  `json:"version" minimum:"0" doc:"That was read; 409 where somebody else has changed the letter since"`
	Reset   bool `json:"reset,omitempty" doc:"Back to the standard text"`
}
