package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// noProxies is TRUSTED_PROXIES of a gateway that clients reach directly.
const noProxies = "none"

// Proxies are the CIDRs whose X-Forwarded-For is believed. Behind a proxy that
// nobody named, all clients would have its address: they would share one limit,
// and one of them could use it up for all. So whoever publishes the gateway says
// what stands in front of it.
func (s Server) Proxies() ([]string, error) {
	var named []string
	none := false
	for _, p := range s.TrustedProxies {
		switch p = strings.TrimSpace(p); p {
		case "":
		case noProxies:
			none = true
		default:
			named = append(named, p)
		}
	}
	switch {
	case none && len(named) > 0:
		return nil, fmt.Errorf("TRUSTED_PROXIES says %s and names %v: only one of them can be", noProxies, named)
	case none || len(named) > 0:
		return named, nil
	}
	local, err := s.local()
	if err == nil && !local {
		err = fmt.Errorf("PUBLIC_URL is %s, and TRUSTED_PROXIES is not set. Set TRUSTED_PROXIES to the addresses of the reverse proxies "+
			"in front of the gateway, as CIDRs with commas between (TRUSTED_PROXIES=10.0.0.0/8), so that it knows its clients' addresses; "+
			"or TRUSTED_PROXIES=%s where clients reach it directly", s.PublicURL, noProxies)
	}
	return nil, err
}

// local tells whether browsers reach the gateway from this machine alone.
func (s Server) local() (bool, error) {
	if s.PublicURL == "" {
		return true, nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false, fmt.Errorf("PUBLIC_URL is %q: it begins with https:// (or http://) and a host", s.PublicURL)
	}
	return isLoopback(u.Hostname()), nil
}

// isLoopback tells whether a host is this machine for itself.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// ListenProfile opens the listener for profiles; nil where none is set. They
// show what is in memory, passwords and keys among it, so that only the machine
// itself may ask.
func (s Server) ListenProfile() (net.Listener, error) {
	if s.ProfileListen == "" {
		return nil, nil
	}
	if file, ok := strings.CutPrefix(s.ProfileListen, "unix:"); ok {
		return net.Listen("unix", file)
	}
	host, _, err := net.SplitHostPort(s.ProfileListen)
	if err == nil && !isLoopback(host) {
		err = errors.New("it is not on loopback")
	}
	if err != nil {
		return nil, fmt.Errorf("PROFILE_LISTEN is %s: profiles show what is in memory; set 127.0.0.1:PORT, [::1]:PORT or unix:FILE: %w", s.ProfileListen, err)
	}
	return net.Listen("tcp", s.ProfileListen)
}
