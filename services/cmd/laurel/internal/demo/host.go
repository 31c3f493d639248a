package demo

import (
	"net"
)

// reachable is an address by which this machine comes to its own listener.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err == nil && everywhere(host) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

func everywhere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// hosts are the addresses by which browsers come to a listener: where it listens
// everywhere, those that a phone in the same network can use, too.
func hosts(listen string) []string {
	all := []string{reachable(listen)}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || !everywhere(host) {
		return all
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return all
	}
	for _, a := range addresses {
		if own, ok := a.(*net.IPNet); ok && own.IP.To4() != nil && own.IP.IsPrivate() {
			all = append(all, net.JoinHostPort(own.IP.String(), port))
		}
	}
	return all
}
