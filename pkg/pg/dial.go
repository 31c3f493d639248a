package pg

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

const (
	// silence is how long a peer may leave data unacknowledged.
	silence = 30 * time.Second
	// grace is how long a server may take to answer after it was asked to cancel a
	// statement. lib/pq alone would wait forever, whatever the statement's context
	// says.
	grace = 3 * time.Second
)

// pool is the connections to one server. When one is lost in silence, all are
// given up: a router forgot them, or the server hangs.
type pool struct {
	cfg pq.Config
	url string // as cfg, for who listens

	mu    sync.Mutex
	conns map[*conn]struct{}
}

func newPool(cfg pq.Config, address string) *pool {
	return &pool{cfg: cfg, url: address, conns: map[*conn]struct{}{}}
}

// Connect implements driver.Connector.
func (p *pool) Connect(ctx context.Context) (driver.Conn, error) {
	connector, err := pq.NewConnectorConfig(p.cfg)
	if err != nil {
		return nil, err
	}
	d := &dialer{pool: p}
	connector.Dialer(d)
	c, err := connector.Connect(ctx)
	d.established.Store(err == nil)
	return c, err
}

// Driver implements driver.Connector.
func (p *pool) Driver() driver.Driver { return &listening{&pq.Driver{}, p} }

// lose closes all connections, so that those who wait for an answer get an error.
func (p *pool) lose() {
	p.mu.Lock()
	lost := p.conns
	p.conns = map[*conn]struct{}{}
	p.mu.Unlock()
	for c := range lost {
		_ = c.Conn.Close() // its user closes it too
	}
}

// dialer opens the connection of one session. Once the session is established,
// it opens connections that cancel a statement of that session.
type dialer struct {
	pool        *pool
	own         atomic.Pointer[conn]
	established atomic.Bool
}

// Dial implements pq.Dialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements pq.DialerContext. lib/pq's own dialer has no useful
// keepalives: it would wait a quarter of an hour for a host that vanished.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if own := d.own.Load(); own != nil && d.established.Load() {
		own.cancelled.Store(true)
		if err := own.SetReadDeadline(time.Now().Add(grace)); err != nil {
			return nil, err
		}
	}
	nd := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4},
		Control:         limitSilence,
	}
	nc, err := nd.DialContext(ctx, network, address)
	if err != nil || d.established.Load() {
		return nc, err
	}
	c := &conn{Conn: nc, pool: d.pool}
	d.own.Store(c)
	d.pool.mu.Lock()
	defer d.pool.mu.Unlock()
	d.pool.conns[c] = struct{}{}
	return c, nil
}

// conn is a session's connection.
type conn struct {
	net.Conn
	pool      *pool
	cancelled atomic.Bool // a statement of it
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) && c.cancelled.Load() {
		c.pool.lose()
	}
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.pool.mu.Lock()
	delete(c.pool.conns, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}
