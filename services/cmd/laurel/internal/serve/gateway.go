package serve

import (
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	gatewayserver "github.com/laurel-awards/laurel/services/gateway/server"
)

// gateway opens the public listener.
func (p *process) gateway(b *bus.Bus, blobs blob.Store) error {
	key, err := p.cfg.Key(p.cfg.CredentialKeyFile, credentialKey)
	if err != nil {
		return err
	}
	signer, err := p.cfg.GatewaySigner()
	if err != nil {
		return err
	}
	b.Sign(signer)
	proxies, err := p.cfg.Proxies()
	if err != nil {
		return err
	}
	g, err := gatewayserver.New(b, blobs, gatewayserver.Config{
		Listen: p.cfg.Listen, PublicURL: p.cfg.PublicURL, TrustedProxies: proxies,
		CredentialKey: key, WorkNumbers: p.cfg.WorkNumbers, Font: p.cfg.Font, Streams: p.cfg.LiveStreams, Ready: p.ready, Now: p.now, Log: p.log,
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
