package live

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/laurel-awards/laurel/services/voting"
)

// frame is a snapshot as it goes out: the same bytes to everybody.
type frame struct {
	version int64
	text    []byte
	final   bool // nothing comes after it
}

// encode makes the event of a snapshot: its version is the id; the final one is
// named "sealed".
func encode(t voting.Tally) *frame {
	f := &frame{version: t.Version, final: t.State == voting.Sealed}
	data, err := json.Marshal(t)
	if err != nil { // numbers, texts and a time that was read: cannot be
		panic(err)
	}
	f.text = strconv.AppendInt(append(f.text, "id: "...), t.Version, 10)
	if f.final {
		f.text = append(f.text, "\nevent: sealed"...)
	}
	f.text = append(append(append(f.text, "\ndata: "...), data...), "\n\n"...)
	return f
}

// heartbeat is a comment: it keeps proxies from closing a quiet stream.
const heartbeat = ":\n\n"

const (
	// freshFor is how long a tally is believed without a new snapshot: one may
	// have been lost on the way.
	freshFor = 15 * time.Second
	// askAgain is when a tally that could not be had is asked for anew.
	askAgain = 5 * time.Second
	// beatEvery is how long a stream may be quiet.
	beatEvery = 20 * time.Second
	// patience is Config.Patience where nothing else is said.
	patience = 10 * time.Second
	// keepFor is how long a selection is followed that nobody listens to.
	keepFor = time.Minute
)

// topic is a selection that somebody listens to, or did a moment ago. The
// Hub's lock guards what comes first; the rest is the writer's.
type topic struct {
	frame *frame
	stale time.Time // from when on it must be asked for
	used  time.Time // when it last had a stream, or was asked for

	streams []*stream
	quiet   time.Time // since when nothing was written to all
}

// take keeps a snapshot if it is the newest.
func (t *topic) take(tally voting.Tally, now time.Time) {
	t.stale = now.Add(freshFor)
	if t.frame == nil || tally.Version > t.frame.version {
		t.frame = encode(tally)
	}
	if t.used.IsZero() {
		t.used, t.quiet = now, now
	}
}
