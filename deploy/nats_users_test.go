package deploy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// grant is what a NATS user may do, and why.
type grant struct {
	user, why          string
	publish, subscribe []string
	answers            bool // once, whom it is asked by
}

// grants are all users.
func grants() []grant {
	all := []grant{{
		user: "gateway", why: "asks all rooms; hears replies, snapshots of tallies, and events that drop what is cached",
		publish: []string{"rpc.*.v1.*"}, subscribe: []string{"_INBOX.gateway.>", "live.voting.v1.tally.*", "laurel.>"},
	}}
	admin := grant{
		user: "admin", why: "laurel migrate --nats makes streams and consumers; laurel admin replay-dead puts dead letters back",
		publish: []string{"laurel.*.*.*.*"}, subscribe: []string{"_INBOX.admin.>"},
	}
	for _, stream := range []string{bus.Stream, bus.DeadStream} {
		for _, verb := range []string{"INFO", "CREATE", "UPDATE"} {
			admin.publish = append(admin.publish, "$JS.API.STREAM."+verb+"."+stream)
		}
	}
	for _, service := range event.Services() {
		g := grant{
			user: service, why: "publishes its own events, reads through its own consumer, answers its own requests",
			publish: event.Published(service), answers: true,
			subscribe: []string{"_INBOX." + service + ".>", "rpc." + service + ".v1.*", "$SRV.*", "$SRV.*." + service, "$SRV.*." + service + ".*"},
		}
		for _, subject := range event.Filters(service) {
			g.publish = append(g.publish, bus.Dead(service, subject))
		}
		if service == event.Voting {
			g.publish = append(g.publish, "live.voting.v1.tally.*")
		}
		consumer := bus.Stream + "." + service
		g.publish = append(g.publish, "$JS.API.STREAM.INFO."+bus.Stream, "$JS.API.CONSUMER.INFO."+consumer,
			"$JS.API.CONSUMER.MSG.NEXT."+consumer, "$JS.ACK."+consumer+".>")
		all = append(all, g)
		admin.publish = append(admin.publish, "$JS.API.CONSUMER.CREATE."+consumer, "$JS.API.CONSUMER.CREATE."+consumer+".>", "$JS.API.CONSUMER.INFO."+consumer)
	}
	admin.publish = append(admin.publish, "$JS.API.STREAM.NAMES", "$JS.API.CONSUMER.NAMES."+bus.Stream,
		"$JS.API.STREAM.MSG.GET."+bus.Stream, "$JS.API.CONSUMER.*."+bus.DeadStream+".>",
		"$JS.API.CONSUMER.MSG.NEXT."+bus.DeadStream+".>", "$JS.API.STREAM.MSG.DELETE."+bus.DeadStream, "$JS.ACK."+bus.DeadStream+".>")
	return append(all, admin)
}

// TestNATS_users holds users.conf to the lists of services and events.
func TestNATS_users(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Made from pkg/event by `make docs`; a test keeps it true. An answer goes to whom asked, once.\ninclude \"passwords.conf\"\n\nusers: [\n")
	list := func(subjects []string) string { return "[\"" + strings.Join(subjects, "\",\n        \"") + "\"]" }
	for _, g := range grants() {
		fmt.Fprintf(&b, "  { # %s\n    user: %s\n    password: $%s_PASSWORD\n    permissions {\n", g.why, g.user, strings.ToUpper(g.user))
		fmt.Fprintf(&b, "      publish { allow:\n        %s\n      }\n", list(g.publish))
		fmt.Fprintf(&b, "      subscribe { allow:\n        %s\n      }\n", list(g.subscribe))
		if g.answers {
			b.WriteString("      allow_responses { max: 1, expires: \"2m\" }\n")
		}
		b.WriteString("    }\n  }\n")
	}
	b.WriteString("]\n")
	testkit.Golden(t, "nats/users.conf", b.String())
}
