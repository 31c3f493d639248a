package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// mountVariable says that this program may mount already.
const mountVariable = "LAUREL_TEST_MOUNTS"

// mount makes a file system of size bytes in memory at dir.
func mount(dir string, size int) error {
	return unix.Mount("laurel-test", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d", size))
}

func unmount(dir string) error { return unix.Unmount(dir, unix.MNT_DETACH) }

// fill lengthens a file in dir until so many bytes are left.
func fill(dir, file string, left int64) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return err
	}
	much := int64(s.Bavail)*s.Bsize - left
	if much <= 0 {
		return nil
	}
	err = unix.Fallocate(int(f.Fd()), 0, size, much)
	if errors.Is(err, unix.ENOSPC) { // others were quicker
		return nil
	}
	return err
}

// mounting runs this program once more where it may mount: as root it may, and
// others may in a user namespace in which they are themselves. It gives the
// status of that run, or false where there is none.
func mounting() (status int, ran bool) {
	if os.Geteuid() == 0 || os.Getenv(mountVariable) != "" {
		return 0, false
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), mountVariable+"=yes")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	uid, gid := os.Geteuid(), os.Getegid()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN},
	}
	if err := cmd.Start(); err != nil {
		return 0, false // no user namespaces here: what has to mount will fail, and say so
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), true
	}
	return 0, true
}
