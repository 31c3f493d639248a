package bundle

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/reason"
)

//go:embed *.json
var catalogues embed.FS

// NewSpeaker puts checks into one of reason.Languages.
func NewSpeaker(lang string) *reason.Speaker {
	var texts map[string]string
	src, err := catalogues.ReadFile(lang + ".json")
	if err == nil {
		err = json.Unmarshal(src, &texts)
	}
	if err != nil {
		panic(fmt.Sprintf("bundle: %s: %v", lang, err)) // embedded: wrong in the build or never
	}
	s := reason.NewSpeaker(lang)
	s.Add(texts)
	return s
}
