package outbox

import "github.com/laurel-awards/laurel/pkg/event"

// maxEarly bounds the events that are kept; it is about as many as the consumer
// has in hand at a time.
const maxEarly = 1024

// early keeps events that came before their turn, so that they are there when it
// comes. Otherwise they would wait, one after another, to be delivered again.
type early map[turn]event.Envelope

// turn is an event's position among those of its aggregate.
type turn struct {
	publisher, slug, aggregate string
	version                    int64
}

func turnOf(env event.Envelope) turn {
	return turn{env.Publisher, env.Slug, env.Aggregate, env.Version}
}

// keep keeps an event. Where no space is left, because another replica has taken
// the events that these wait for, all are forgotten: they are delivered again.
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
