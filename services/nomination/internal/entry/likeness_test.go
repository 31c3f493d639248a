package entry

import (
	"fmt"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// However many have a name, a further one is compared with maxCompared of them
// and warned of maxWarned.
func TestKnown_namesakes(t *testing.T) {
	k := known{make(map[string]string), make(map[string][]look)}
	of := func(i int) form.Likeness {
		return form.LikenessOf(nomination.Nominee{Name: "王强", Employer: fmt.Sprint("陇运速递", i), Region: "兰州市"})
	}
	for i := range 5000 {
		k.add(of(i), fault.Wrong("name", "resembles_row", "resembles row {row} of the same file", "row", i))
	}
	if n := len(k.byName[of(0).Name]); n != maxCompared {
		t.Errorf("compared with %d", n)
	}
	if warnings := k.resembling(of(5000)); len(warnings) != maxWarned {
		t.Errorf("warned of %v", warnings)
	}
}
