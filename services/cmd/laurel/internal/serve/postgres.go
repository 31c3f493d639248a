package serve

import (
	"context"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

const (
	// watchEvery is how soon a private PostgreSQL that was killed is started again.
	watchEvery = 2 * time.Second
	// postgresStop is how long it may take to write what it has in memory.
	postgresStop = 30 * time.Second
)

// postgres starts the private PostgreSQL, or adopts the one that a killed process
// left behind, makes the database with its roles and schemas, and looks after the
// server until the end.
func (p *process) postgres(ctx context.Context) error {
	server, err := p.cfg.Postgres()
	if err != nil {
		return err
	}
	watch, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	p.onStop(func(context.Context) error { // past the time that requests in hand have
		stop()
		<-watched
		ctx, cancel := context.WithTimeout(context.Background(), postgresStop)
		defer cancel()
		return server.Stop(ctx)
	})
	running, err := server.Start(ctx)
	if err == nil {
		err = pg.CreateDatabase(ctx, running.URL("postgres"), config.PrivateDatabase)
	}
	if err == nil {
		err = pg.Bootstrap(ctx, running.URL(config.PrivateDatabase), event.Services()...)
	}
	if err != nil {
		close(watched)
		return err
	}
	p.log.InfoContext(ctx, "private PostgreSQL", "directory", running.Dir)
	go func() {
		defer close(watched)
		for pause.For(watch, watchEvery) {
			if _, err := server.Start(watch); err != nil && watch.Err() == nil {
				p.log.ErrorContext(watch, "private PostgreSQL", "error", err)
			}
		}
	}()
	return nil
}
