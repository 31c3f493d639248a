//go:build unix

package private

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Dump writes a database as it is at one moment, in pg_dump's custom format,
// which servers of this and later versions read. Whoever works in the database
// works on.
func (s *Server) Dump(ctx context.Context, dbname string, w io.Writer) error {
	return s.client(ctx, nil, w, "pg_dump", "--format=custom", "--dbname="+dbname)
}

// Load puts what Dump wrote into a database, all or nothing. The roles that own
// it are there; what is there of the same name is replaced.
func (s *Server) Load(ctx context.Context, dbname string, r io.Reader) error {
	return s.client(ctx, r, nil, "pg_restore", "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--dbname="+dbname)
}

// client runs a program that talks to the server.
func (s *Server) client(ctx context.Context, stdin io.Reader, stdout io.Writer, name string, args ...string) error {
	bin, err := findBin(ctx, s.data())
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd := s.command(ctx, bin, name, append([]string{"--host=" + s.socket, "--username=" + superuser, "--no-password"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &said
	err = cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%w: install PostgreSQL's client programs", err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return nil
}
