package e2e_test

import (
	"testing"
	"time"
)

// TestChaos_siege strikes an installation with one fault after another while a crowd
// votes, and looks at the whole state after each.
func TestChaos_siege(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	t.Run("replicas", s.replicas)
	t.Run("one voter", s.oneVoter)
	t.Run("slow clients", s.slowClients)
	t.Run("answers lost", s.answersLost)
	t.Run("stream lost", s.streamLost)
	t.Run("repeated", s.repeated)
	t.Run("events cut", s.eventsCut)
	t.Run("database cut", s.databaseCut)
	t.Run("disk full", s.diskFull)
	t.Run("kill", s.killed)
	t.Run("close", s.closes)
}

// perSelection is how many kills one selection sees, in the long form.
const perSelection = 40

// killed kills each process and server in turn, at any moment.
func (s *siege) killed(t *testing.T) {
	n, _ := rounds(t, 4)
	random := chance(t)
	victims := []string{"voting", broker, postgre, "gateway", others}
	for begun := 0; begun < n; begun += perSelection {
		if begun > 0 {
			s.closes(t)
			s.anew(t)
		}
		l := s.load(t)
		l.more(t, 50)
		for i := begun; i < min(n, begun+perSelection); i++ {
			victim := victims[i%len(victims)]
			l.more(t, random.Int64N(100))
			pause(t, time.Duration(random.IntN(200))*time.Millisecond)
			s.strike(t, victim)
			pause(t, time.Duration(random.IntN(200))*time.Millisecond)
			s.raise(t, victim)
		}
		s.heal(t, l)
		l.done(t)
		s.whole(t)
	}
}

// pause waits for a moment.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}
