package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// ops serves health and metrics to operators, where an address is set.
func (p *process) ops() error {
	if p.cfg.OpsListen == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := p.ready(r.Context()); err != nil {
			http.Error(w, fault.From(err).Message, http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("GET /metrics", promhttp.Handler())
	listener, err := net.Listen("tcp", p.cfg.OpsListen)
	if err != nil {
		return err
	}
	p.operators(listener, mux, "operators' listener")
	return nil
}

// profiles serves profiles to the machine itself, where an address is set.
func (p *process) profiles() error {
	listener, err := p.cfg.ListenProfile()
	if err != nil || listener == nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	p.operators(listener, mux, "profiles")
	return nil
}

func (p *process) operators(listener net.Listener, mux http.Handler, what string) {
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.fails <- err
		}
	}()
	p.onStop(func(ctx context.Context) error { return server.Shutdown(ctx) })
	p.log.Info(what, "address", listener.Addr())
}
