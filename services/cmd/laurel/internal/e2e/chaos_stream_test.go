package e2e_test

import (
	"fmt"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// streamLost deletes what JetStream keeps: while NATS is down, and under it
// while it runs, which it notices as late as at its next start. Each time the
// operator makes the streams again.
func (s *siege) streamLost(t *testing.T) {
	l := s.load(t)
	l.more(t, 50)
	s.nats.kill(t)
	s.nats.lose(t)
	s.nats.start(t)
	s.provision(t)
	s.heal(t, l)
	s.nats.lose(t)
	l.more(t, 200)
	s.nats.kill(t)
	s.nats.start(t)
	s.provision(t)
	s.heal(t, l)
	l.done(t)
	s.whole(t)
}

// repeated sends every event again, which JetStream takes for new ones, as it
// does what a relay repeats after the window for duplicates.
func (s *siege) repeated(t *testing.T) {
	s.refilled(t)
	before := s.state(t)
	publish(t, s.bus(t), s.harness.events(t))
	consumed(t, "nats://"+s.nats.Address)
	if diff := before.diff(s.state(t)); diff != "" {
		t.Errorf("what every event, again, has changed:\n%s", diff)
	}
	s.whole(t)
}

// refilled waits until every relay has found that the stream is another one, and
// has sent all of its events again.
func (s *siege) refilled(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		streams := map[string]string{}
		for service, db := range s.databases(t) {
			var created string
			if err := db.GetContext(t.Context(), &created, `SELECT created::text FROM outbox_stream`); err != nil {
				return err
			}
			streams[created] = service
		}
		if len(streams) > 1 {
			return fmt.Errorf("the relays know different streams: %v", streams)
		}
		return s.Delivered(t.Context())
	})
}
