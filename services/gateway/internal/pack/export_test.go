package pack

// Waiting is how many ballots are in the queue.
func (p *Packer) Waiting() int { return len(p.queue) }

// Age lets those in the queue have waited for longer than anybody is to.
func (p *Packer) Age() {
	for range len(p.queue) {
		w := <-p.queue
		w.since = w.since.Add(-2 * patience)
		p.queue <- w
	}
}
