// Package installation supervises the processes of a Laurel: it starts them,
// waits until they are ready, and stops or kills them.
package installation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is a program that runs beside this one, such as `laurel serve`.
type Process struct {
	Binary  string
	Args    []string
	Env     []string // settings, beside those of this process
	Address string   // host:port that tells when it is ready
	Log     string   // file that it logs to
	// Ready asks the address; Readyz where it is nil.
	Ready func(ctx context.Context, address string) error

	process *os.Process
	exited  chan struct{} // closed at its end
	end     error         // how it ended
}

// Readyz asks a service whether it is ready.
func Readyz(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return errors.New(resp.Status)
	}
	return nil
}

// Listens asks whether anybody takes connections.
func Listens(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Start starts the process and waits until it is ready or ctx ends. It may be
// started again after it has ended.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Launch(ctx); err != nil {
		return err
	}
	return p.Await(ctx)
}

// Launch starts the process; ctx does not end it.
func (p *Process) Launch(ctx context.Context) error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), p.Binary, p.Args...)
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we end it
	if err := cmd.Start(); err != nil {
		return err
	}
	p.process, p.exited = cmd.Process, make(chan struct{})
	go func() {
		defer close(p.exited)
		p.end = cmd.Wait()
	}()
	return nil
}

// Await waits until the process is ready.
func (p *Process) Await(ctx context.Context) error {
	ready := p.Ready
	if ready == nil {
		ready = Readyz
	}
	for {
		if err := ready(ctx, p.Address); err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended: %w; its log is %s", p, p.end, p.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w; its log is %s", p, ctx.Err(), p.Log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// String is the command line.
func (p *Process) String() string { return strings.Join(append([]string{"laurel"}, p.Args...), " ") }

// Peak is the most memory that the process has had, in bytes.
func (p *Process) Peak() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.process.Pid))
	if err != nil {
		return 0, err
	}
	var kb int64
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10, nil
		}
	}
	return 0, errors.New("the system does not tell how much memory the process has had")
}

// Forget has Peak begin anew at the memory that the process has now, and gives
// that.
func (p *Process) Forget() (int64, error) {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.process.Pid), []byte("5"), 0); err != nil {
		return 0, err
	}
	return p.Peak()
}

// Signal sends a signal to the process.
func (p *Process) Signal(sig os.Signal) error { return p.process.Signal(sig) }

// Kill ends the process as a power cut would. What does not run is fine.
func (p *Process) Kill() error {
	if p.process == nil {
		return nil
	}
	err := p.process.Kill()
	<-p.exited
	p.process = nil
	return err
}

// Stop asks the process to end, and waits: for the requests in flight to be
// answered, or until ctx ends, when it is killed. Its error tells of every end
// but status 0. What does not run is fine.
func (p *Process) Stop(ctx context.Context) error {
	if p.process == nil {
		return nil
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.Wait(ctx)
}

// Wait is Stop without asking.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.exited:
		p.process = nil
		return p.end
	case <-ctx.Done():
		return fmt.Errorf("%s does not end: %w (%w)", p, ctx.Err(), p.Kill())
	}
}
