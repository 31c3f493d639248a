package blob

import (
	"os"
	"syscall"
)

// Unlinked is the store on a file system that has no links.
func (d *Dir) Unlinked() *Dir {
	return &Dir{d.root, d.owner, func(from, to string) error { return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EPERM} }}
}
