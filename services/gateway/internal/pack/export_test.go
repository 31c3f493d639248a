package pack

// Waiting is how many ballots are in the queue.
func (p *Packer) Waiting() int { return len(p.queue) }
