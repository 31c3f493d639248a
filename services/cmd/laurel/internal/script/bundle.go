package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Bundled downloads the one file of the published result and checks it with the
// laurel at binary and the key that the installation publishes; and once more with
// one byte changed.
func (s *Script) Bundled(ctx context.Context, binary string) error {
	dir, err := os.MkdirTemp("", "laurel-bundle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var file []byte
	if err := s.retry(ctx, func() (err error) {
		file, err = s.API.Page(ctx, "/s/"+s.Slug+"/bundle.zip")
		return err
	}); err != nil {
		return err
	}
	key, err := s.API.Page(ctx, "/api/v1/bundle-key")
	if err != nil {
		return err
	}
	path, keys := filepath.Join(dir, s.Slug+".zip"), filepath.Join(dir, "installation.txt")
	if err := errors.Join(os.WriteFile(path, file, 0o600), os.WriteFile(keys, key, 0o600)); err != nil {
		return err
	}
	run := func() ([]byte, error) {
		return exec.CommandContext(ctx, binary, "verify", "--selection", s.Slug, "--key", keys, path).CombinedOutput()
	}
	out, err := run()
	if err != nil || !bytes.Contains(out, []byte("holds.")) {
		return fmt.Errorf("laurel verify: %w\n%s", err, out)
	}
	file[len(file)/2] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return err
	}
	if out, err := run(); !errors.As(err, new(*exec.ExitError)) {
		return fmt.Errorf("laurel verify accepts a bundle in which a byte is changed: %w\n%s", err, out)
	}
	return nil
}
