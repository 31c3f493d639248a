package live

import "syscall"

// slots are the streams that may be open, and who holds them. An address may
// hold twice as many as are free for everybody: alone, two thirds of all, which
// a shared network or a proxy may well need; the more others hold the fewer,
// and there is always one left for a newcomer. No address needs a limit of its
// own that would be too low for a school and too high for a script.
type slots struct {
	most, open int
	held       map[string]int // by address
}

func newSlots(most int) slots { return slots{most: most, held: map[string]int{}} }

// enter takes a slot. Faults: ErrFull, ErrShare.
func (s *slots) enter(address string) error {
	free := s.most - s.open
	switch {
	case free <= 0:
		return ErrFull
	case s.held[address] >= 2*free:
		return ErrShare
	}
	s.open++
	s.held[address]++
	openStreams.Inc()
	return nil
}

func (s *slots) leave(address string) {
	s.open--
	if s.held[address]--; s.held[address] == 0 {
		delete(s.held, address)
	}
	openStreams.Dec()
}

// Capacity is how many streams the process may hold: three quarters of the
// files that it may open, so that streams never take the voters' connections.
// (At its start a Go program raises that limit as far as it may.)
func Capacity() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return DefaultStreams
	}
	return int(min(files.Cur, 1<<24) / 4 * 3)
}
