package serve

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	gatewayserver "github.com/laurel-awards/laurel/services/gateway/server"
)

// gateway opens the public listener, unless it could not know the voters again.
func (p *process) gateway(ctx context.Context, b *bus.Bus, blobs blob.Store) error {
	if p.refusesCredentials() {
		return nil // and the room says why
	}
	key, err := p.key(p.cfg.CredentialKeyFile, credentialKey)
	if err != nil {
		return err
	}
	signer, err := p.cfg.GatewaySigner()
	if err != nil {
		return err
	}
	b.Sign(signer)
	asking, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.onStop(func(context.Context) error { stop(); return nil })
	go p.agreed.seek(asking, b, key)
	proxies, err := p.cfg.Proxies()
	if err != nil {
		return err
	}
	g, err := gatewayserver.New(b, blobs, gatewayserver.Config{
		Listen: p.cfg.Listen, PublicURL: p.cfg.PublicURL, TrustedProxies: proxies,
		CredentialKey: key, WorkNumbers: p.cfg.WorkNumbers, Font: p.cfg.Font, Pages: p.cfg.PageCache, Streams: p.cfg.LiveStreams,
		Ready: p.ready, Now: p.now, Log: p.log,
	})
	if err != nil {
		return err
	}
	if err := g.Start(p.fails); err != nil {
		return err
	}
	p.onStop(g.Stop)
	p.log.Info("public listener", "address", g.Addr())
	return nil
}
