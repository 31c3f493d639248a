package live

import "syscall"

// places are the streams that may be open, and who holds them. An address may
// hold twice as many as are free for everybody: alone, two thirds of all, which
// a shared network or a proxy may well need; the more others hold the fewer,
// and there is always one left for a newcomer. No address needs a limit of its
// own that would be too low for a school and too high for a script.
type places struct {
	most, open int
	held       map[string]int // by address
}

func newPlaces(most int) places { return places{most: most, held: map[string]int{}} }

// enter takes a place. Faults: ErrFull, ErrShare.
func (p *places) enter(address string) error {
	free := p.most - p.open
	switch {
	case free <= 0:
		return ErrFull
	case p.held[address] >= 2*free:
		return ErrShare
	}
	p.open++
	p.held[address]++
	openStreams.Inc()
	return nil
}

func (p *places) leave(address string) {
	p.open--
	if p.held[address]--; p.held[address] == 0 {
		delete(p.held, address)
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
