// Command build-verifier builds the verifier that browsers run, into the directory
// from which the gateway embeds it. It is run at the root of the repository.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const dir = "services/gateway/internal/web/verifier"

func main() {
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, "build-verifier:", err)
		os.Exit(1)
	}
}

func build() error {
	tmp, err := os.MkdirTemp("", "verifier-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	made := filepath.Join(tmp, "verify.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", made, "./services/cmd/verifier")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	program, err := os.ReadFile(made)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = w.Write(program)
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	start, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return errors.Join(keep("verify.wasm.gz", packed.Bytes()), keep("wasm_exec.js", start))
}

// keep writes a file, unless it is there: what embeds it need not be built again.
func keep(name string, data []byte) error {
	path := filepath.Join(dir, name)
	if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, data) {
		return nil
	}
	return os.WriteFile(path, data, 0o644)
}
