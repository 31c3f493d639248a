package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Server is a `laurel serve` in a process of its own.
type Server struct {
	Binary   string
	Services []string // none: all
	Env      []string // settings, beside those of this process
	Address  string   // host:port that answers /readyz
	Log      string   // file that it logs to

	process *os.Process
	exited  chan struct{} // closed at its end
	end     error         // how it ended
}

// Start starts the process and waits until it is ready or ctx ends. It may be
// started again after it has ended.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Launch(ctx); err != nil {
		return err
	}
	return s.Await(ctx)
}

// Launch starts the process; ctx does not end it.
func (s *Server) Launch(ctx context.Context) error {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), s.Binary, append([]string{"serve"}, s.Services...)...)
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we end it
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.exited = cmd.Process, make(chan struct{})
	go func() {
		defer close(s.exited)
		s.end = cmd.Wait()
	}()
	return nil
}

// Await waits until the process is ready.
func (s *Server) Await(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			if err := resp.Body.Close(); err == nil && resp.StatusCode < 300 {
				return nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended: %w; its log is %s", s.end, s.Log)
		case <-ctx.Done():
			return fmt.Errorf("the server does not get ready: %w; its log is %s", ctx.Err(), s.Log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Peak is the most memory that the process has had, in bytes.
func (s *Server) Peak() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Pid))
	if err != nil {
		return 0, err
	}
	var kb int64
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10, nil
		}
	}
	return 0, errors.New("the system does not tell how much memory the server has had")
}

// Signal sends a signal to the process.
func (s *Server) Signal(sig os.Signal) error { return s.process.Signal(sig) }

// Kill ends the process as a power cut would.
func (s *Server) Kill() error {
	err := s.process.Kill()
	<-s.exited
	s.process = nil
	return err
}

// Stop asks the process to end, and waits: for the requests in flight to be
// answered, or until ctx ends, when it is killed. Its error tells of every end
// but status 0. What does not run is fine.
func (s *Server) Stop(ctx context.Context) error {
	if s.process == nil {
		return nil
	}
	if err := s.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.Wait(ctx)
}

// Wait is Stop without asking.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-s.exited:
		s.process = nil
		return s.end
	case <-ctx.Done():
		return fmt.Errorf("the server does not end: %w (%w)", ctx.Err(), s.Kill())
	}
}
