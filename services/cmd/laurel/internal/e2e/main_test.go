package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryVariable names the laurel that the tests run; TestMain builds it.
const binaryVariable = "LAUREL_TEST_BINARY"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if arg := os.Getenv(natsVariable); arg != "" {
		return serveNATS(arg)
	}
	if status, ran := mounting(); ran {
		return status
	}
	dir, err := os.MkdirTemp("", "laurel-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "laurel")
	verifier := exec.Command("go", "run", "./scripts/build-verifier") // which the binary embeds
	verifier.Dir = "../../../../.."
	if out, err := verifier.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the verifier: %v\n%s", err, out)
		return 1
	}
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/laurel-awards/laurel/services/cmd/laurel").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build laurel: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(binaryVariable, binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
