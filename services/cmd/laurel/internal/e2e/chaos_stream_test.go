package e2e_test

import "testing"

// streamLost deletes what JetStream keeps: while NATS is down, and under it
// while it runs, which it notices as late as at its next start.
func (s *siege) streamLost(t *testing.T) {
	l := s.load(t)
	l.more(t, 50)
	s.nats.kill(t)
	s.nats.lose(t)
	s.nats.start(t)
	s.heal(t, l)
	s.nats.lose(t)
	l.more(t, 200)
	s.nats.kill(t)
	s.nats.start(t)
	s.heal(t, l)
	l.done(t)
	s.whole(t)
}

// repeated sends every event again, which JetStream takes for new ones, as it
// does what a relay repeats after the window for duplicates.
func (s *siege) repeated(t *testing.T) {
	before := s.state(t)
	publish(t, s.bus(t), s.house.events(t))
	consumed(t, "nats://"+s.nats.address)
	if diff := before.diff(s.state(t)); diff != "" {
		t.Errorf("what every event, again, has changed:\n%s", diff)
	}
	s.whole(t)
}
