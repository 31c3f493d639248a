package web

import (
	"crypto/sha256"
	"embed"
	"fmt"
)

// verifierFiles are made by scripts/build-verifier; without them there is a readme.
//
//go:embed verifier
var verifierFiles embed.FS

// The files by which a browser checks a bundle: the program, what starts it, and the
// worker that runs it. The worker alone may compile a program.
const (
	verifierProgram = "verify.wasm"
	verifierStart   = "wasm_exec.js"
	verifierWorker  = "check-worker.js"

	workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
)

// Verifier is the verifier for browsers.
type Verifier struct {
	Program, Start, Worker string // addresses
	Size                   int64  // bytes to download
}

// Verifier gives it; ok is false where the installation was built without it.
func (s *Site) Verifier() (v Verifier, ok bool) {
	names := s.assets.names
	program, ok := names[verifierProgram]
	if !ok {
		return v, false
	}
	const at = "/static/"
	return Verifier{at + program, at + names[verifierStart], at + names[verifierWorker], int64(len(s.assets.files[program].gzip))}, true
}

// addVerifier takes the verifier, if it was built.
func (a assets) addVerifier() {
	worker := a.files[a.names[verifierWorker]]
	worker.policy = workerPolicy
	a.files[a.names[verifierWorker]] = worker
	program, err := verifierFiles.ReadFile("verifier/" + verifierProgram + ".gz")
	if err != nil {
		return
	}
	start, err := verifierFiles.ReadFile("verifier/" + verifierStart)
	if err != nil {
		return
	}
	a.add(verifierStart, start)
	sum := sha256.Sum256(program)
	hashed := fmt.Sprintf("verify.%x.wasm", sum[:6])
	a.names[verifierProgram] = hashed
	a.files[hashed] = asset{media: "application/wasm", gzip: program}
}
