package gateway

import "github.com/laurel-awards/laurel/pkg/retention"

// Erasure is so many of a kind of data that a service erased because their time
// was over.
type Erasure struct {
	Service string `json:"service"`
	retention.Erased
}
