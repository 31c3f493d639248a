package pg

import (
	"context"
	"net"
	"time"
)

// dialer opens the connections to the server. lib/pq's own has no keepalives to
// speak of: a host that vanished would be waited for by the quarter of an hour.
type dialer struct{}

// silence is how long a peer may leave data unacknowledged.
const silence = 30 * time.Second

// Dial implements pq.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements pq.DialerContext.
func (dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4},
		Control:         limitSilence,
	}
	return d.DialContext(ctx, network, address)
}
