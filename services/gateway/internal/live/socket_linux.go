package live

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// giveUp has the system close a connection whose other end has acknowledged
// nothing for so long, as a phone that lost its network (RFC 5482). By itself
// it would try for a quarter of an hour.
func giveUp(raw syscall.RawConn, after time.Duration) (err error) {
	closed := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(after.Milliseconds()))
	})
	if closed != nil {
		return closed
	}
	return err
}
