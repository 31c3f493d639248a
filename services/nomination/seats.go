package nomination

// Seats tells whether every award can be filled, under the rulebook's quotas, with
// the entries that are candidates or may become so: those that no department has
// failed.
type Seats struct {
	Seats      int `json:"seats"`
	Candidates int `json:"candidates"` // with those who may become so
	// Unmet is what cannot be met, with numbers: too few candidates (seats_short),
	// each quota of a set that cannot be met together (quota_short_min,
	// quota_short_max), or that this was not decided in the time there is
	// (quotas_open).
	Unmet []Warning `json:"unmet,omitempty"`
	// Idle is each quota whose value no candidate has (quota_idle).
	Idle []Warning `json:"idle,omitempty"`
}
