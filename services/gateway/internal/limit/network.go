package limit

import (
	"net/netip"
	"time"
)

// Network is the key of an address: the address itself, or the /64 of IPv6,
// which one household has.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// Wider is the key of what is around a key that Network gave: the /24, or the
// /48 of IPv6, the most that one site is given (RFC 6177).
func Wider(network string) string {
	p, err := netip.ParsePrefix(network)
	if err != nil {
		a, err := netip.ParseAddr(network)
		if err != nil {
			return network
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	bits := 24
	if p.Addr().Is6() {
		bits = 48
	}
	return netip.PrefixFrom(p.Addr(), bits).Masked().String()
}

// Crowd is how many times a network's allowance what is around it has.
const Crowd = 20

// Networks holds each network to a rate, and what is around it to a wider one:
// whoever has many addresses gains little by them.
type Networks struct{ near, wide *Limiter }

// NewNetworks limits a network to r, and what is around it to 20 times r.
func NewNetworks(r Rate, now func() time.Time) *Networks {
	return &Networks{New(r, now), New(r.Times(Crowd), now)}
}

// Take is Limiter.Take for a key that Network gave. What the network itself may
// not do is not held against its neighbours.
func (n *Networks) Take(network string) error { return TooMany(n.Wait(network)) }

// Wait is Limiter.Wait, as Take.
func (n *Networks) Wait(network string) time.Duration {
	if wait := n.near.Wait(network); wait > 0 {
		return wait
	}
	return n.wide.Wait(Wider(network))
}
