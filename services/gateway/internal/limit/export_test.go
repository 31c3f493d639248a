package limit

// Keys is how many are kept.
func Keys(l *Limiter) int { return len(l.young) + len(l.old) }
