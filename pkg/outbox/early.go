package outbox

import "github.com/laurel-awards/laurel/pkg/event"

// maxEarly bounds the events that are kept; it is about as many as the consumer
// has in hand at a time.
const maxEarly = 1024

// early keeps events that came before their turn. When it comes they are there:
// each would otherwise wait until it is delivered again, one after another.
type early map[turn]event.Envelope

// turn is an event's place among those of its aggregate.
type turn struct {
	publisher, slug, aggregate string
	version                    int64
}

func turnOf(env event.Envelope) turn {
	return turn{env.Publisher, env.Slug, env.Aggregate, env.Version}
}

// keep keeps an event. Those that another replica took meanwhile may have used
// up the room: then all are forgotten, as they are delivered again in any case.
func (e early) keep(env event.Envelope) {
	if len(e) >= maxEarly {
		clear(e)
	}
	e[turnOf(env)] = env
}

// after takes the event that follows one, if it is here.
func (e early) after(env event.Envelope) (next event.Envelope, ok bool) {
	t := turnOf(env)
	delete(e, t)
	t.version++
	next, ok = e[t]
	delete(e, t)
	return next, ok
}
