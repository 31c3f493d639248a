package pack

import "time"

// Waiting is how many ballots are in the queue.
func (p *Packer) Waiting() int { return len(p.queue) }

// Patience is how long a ballot waits to be sent.
const Patience = patience

// Aged lets those in the queue have waited for so long.
func (p *Packer) Aged(d time.Duration) {
	for range len(p.queue) {
		w := <-p.queue
		w.since = time.Now().Add(-d)
		p.queue <- w
	}
}
