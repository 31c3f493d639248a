package testkit

import "syscall"

// enough is the space that the data of all tests take at most, in bytes.
const enough = 6 << 30

// inMemory gives a directory whose files are in memory, or none without the space.
// What is there already, of earlier tests, counts as space: the answer must not
// change while the tests are running.
func inMemory() string {
	const shared, tmpfs = "/dev/shm", 0x01021994
	var s syscall.Statfs_t
	if err := syscall.Statfs(shared, &s); err != nil || s.Type != tmpfs || s.Blocks*uint64(s.Bsize) < enough {
		return ""
	}
	return shared
}
