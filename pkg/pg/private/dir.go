//go:build unix

package private

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// owner is the unprivileged user that the server runs as when root starts it:
// PostgreSQL refuses root.
type owner struct {
	name     string
	uid, gid uint32
}

// serverOwner is nil unless we are root.
func serverOwner() (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &owner{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as")
}

// command runs one of PostgreSQL's programs as the owner, away from our
// terminal's signals and with nothing of our environment but the path.
func (s *Server) command(ctx context.Context, bin, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
	cmd.Dir = s.Dir
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if s.owner != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.owner.uid, Gid: s.owner.gid}
	}
	return cmd
}

// keepInherited keeps the files that our own starter left open (a lock, a pipe)
// from the programs that we start: the server would hold them for days. What Go
// opens is kept from them anyway.
func keepInherited() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return // no such system is known; the server then starts all the same
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// socketMax is the longest path of a Unix socket, less one, on the systems that
// we know (Linux has 107, macOS 103).
const socketMax = 103

// socketDir is the directory's run, or a short name under /tmp that is the same
// each time.
func socketDir(dir string) string {
	run := filepath.Join(dir, "run")
	if len(filepath.Join(run, ".s.PGSQL.5432")) <= socketMax {
		return run
	}
	sum := sha256.Sum256([]byte(dir))
	return "/tmp/laurel-pg-" + hex.EncodeToString(sum[:6])
}

// claim makes the directory, or recognizes it as one that it made.
func (s *Server) claim() error {
	if err := s.recognize(); err != nil {
		return err
	}
	if err := s.makeDir(s.Dir); err != nil {
		return err
	}
	if _, err := os.Stat(s.marker()); err == nil {
		return nil
	}
	return os.WriteFile(s.marker(), []byte("A private PostgreSQL server of laurel; it may be deleted while it does not run.\n"), 0o600)
}

// recognize refuses a directory with anything in it that is not ours.
func (s *Server) recognize() error {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	foreign := ""
	for _, e := range entries {
		switch e.Name() {
		case filepath.Base(s.marker()):
			return nil
		case "lock": // of another starter, who has come no further
		default:
			foreign = e.Name()
		}
	}
	if foreign != "" {
		return fmt.Errorf("%s holds %s and was not made by laurel: choose a new or an empty directory", s.Dir, foreign)
	}
	return nil
}

// makeDir makes a directory that the owner alone may enter, and insists that it
// is the owner's, or ours: others can make directories under /tmp too.
func (s *Server) makeDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	uid := ownerOf(info)
	mine := uid == uint32(os.Geteuid()) || s.owner != nil && uid == s.owner.uid
	if !info.IsDir() || !mine {
		return fmt.Errorf("%s belongs to somebody else", dir)
	}
	if s.owner != nil {
		if err := os.Lchown(dir, int(s.owner.uid), int(s.owner.gid)); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o700)
}

func ownerOf(info os.FileInfo) uint32 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Uid
	}
	return ^uint32(0)
}

// DefaultDir is a directory of the user's own for data of that name. A server that
// root starts does not run as root, and its user cannot reach root's home.
func DefaultDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/lib/laurel", name), nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "laurel", name), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "laurel", name), err
}

// reachable checks that the owner can come to the directory.
func (s *Server) reachable() error {
	if s.owner == nil {
		return nil
	}
	for dir := filepath.Dir(s.Dir); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err == nil && info.Mode().Perm()&0o001 == 0 && ownerOf(info) != s.owner.uid {
			return fmt.Errorf("the user %s, as whom PostgreSQL runs, cannot enter %s: choose a directory elsewhere, such as under /var/lib or /tmp", s.owner.name, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// lock waits for the directory's lock file. It goes by the file's identity, for
// Remove deletes it.
func (s *Server) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(s.Dir, "lock")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := s.openLock(path)
		if err != nil {
			return nil, fmt.Errorf("private PostgreSQL: %w", err)
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && isFile(path, f) {
			return func() { _ = f.Close() }, nil
		}
		_ = f.Close()
		if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
		case <-tick.C:
		}
	}
}

func (s *Server) openLock(path string) (*os.File, error) {
	if err := s.reachable(); err != nil {
		return nil, err
	}
	if err := s.recognize(); err != nil {
		return nil, err
	}
	if err := s.makeDir(s.Dir); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

func isFile(path string, f *os.File) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// pid reads the number of the postmaster from its pid file; 0 if there is none.
func (s *Server) pid() int {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}
