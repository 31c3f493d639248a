// Package examples has the rulebooks of the example selections, from which an
// organizer may begin. `laurel demo --input` runs each whole folder.
package examples

import "embed"

//go:embed */rulebook.yaml
var files embed.FS

// Names are the examples that a new selection may begin from, by their folders.
// The other folders hold rules of known contests, for `laurel compute`.
func Names() []string {
	return []string{"most-beautiful-courier", "craftsmen", "labour-medal", "models-of-virtue", "volunteer-projects"}
}

// Rulebook is the text of an example's rulebook; ok tells whether there is one
// of that name.
func Rulebook(name string) (text string, ok bool) {
	for _, known := range Names() {
		if known == name {
			src, err := files.ReadFile(name + "/rulebook.yaml")
			return string(src), err == nil
		}
	}
	return "", false
}
