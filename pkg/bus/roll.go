package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go/micro"
)

// RollCall asks every replica of a service by a verb with Each, and gives the answers
// that come until ctx ends.
func RollCall[Out any](ctx context.Context, b *Bus, service, verb string) (all []Out, err error) {
	msg, err := b.newRequest(ctx, subject(service, verb), []byte("{}"))
	if err != nil {
		return nil, err
	}
	sub, err := b.nc.SubscribeSync(b.nc.NewInbox())
	if err != nil {
		return nil, fmt.Errorf("bus: roll call of %s: %w", service, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	msg.Reply = sub.Subject
	if err := b.nc.PublishMsg(msg); err != nil {
		return nil, fmt.Errorf("bus: roll call of %s: %w", service, err)
	}
	for {
		reply, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return all, nil // the time is over
		}
		var one Out
		if reply.Header.Get(nonceHeader) != msg.Header.Get(nonceHeader) || reply.Header.Get(micro.ErrorCodeHeader) != "" {
			continue
		}
		if json.Unmarshal(reply.Data, &one) == nil {
			all = append(all, one)
		}
	}
}
