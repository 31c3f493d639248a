//go:build !linux

package pg

import "syscall"

// limitSilence leaves it to keepalives.
func limitSilence(_, _ string, _ syscall.RawConn) error { return nil }
