package deploy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
)

// theft is what a thief of a room's password tries.
type theft struct {
	what    string
	publish string
	listen  string
	body    string
}

// thefts are what the user must not be let do.
func thefts(user string) (all []theft) {
	say := func(what, subject, body string) { all = append(all, theft{what, subject, "", body}) }
	hear := func(subjects ...string) {
		for _, s := range subjects {
			all = append(all, theft{"hears " + s, "", s, ""})
		}
	}
	// Reading what others ask, by a stream that copies it.
	for _, verb := range []string{"CREATE", "UPDATE"} {
		for _, stream := range []string{bus.Stream, bus.DeadStream, "LOOT"} {
			if user == "admin" && stream != "LOOT" {
				continue
			}
			say(verb+" with subjects", "$JS.API.STREAM."+verb+"."+stream, `{"name":"`+stream+`","subjects":["rpc.identity.v1.sign_in"],"storage":"file"}`)
			say(verb+" with a mirror", "$JS.API.STREAM."+verb+"."+stream, `{"name":"`+stream+`","mirror":{"name":"LAUREL"},"storage":"file"}`)
			say(verb+" with a source", "$JS.API.STREAM."+verb+"."+stream, `{"name":"`+stream+`","sources":[{"name":"LAUREL"}],"storage":"file"}`)
			say(verb+" smaller", "$JS.API.STREAM."+verb+"."+stream, `{"name":"`+stream+`","subjects":["laurel.*.*.*.*"],"max_msgs":1,"storage":"file"}`)
		}
	}
	for _, stream := range []string{bus.Stream, bus.DeadStream} {
		for _, verb := range []string{"DELETE", "PURGE", "SNAPSHOT", "RESTORE", "MSG.GET", "MSG.DELETE", "LEADER.STEPDOWN", "PEER.REMOVE"} {
			if user == "admin" && (verb == "MSG.GET" && stream == bus.Stream || verb == "MSG.DELETE" && stream == bus.DeadStream) {
				continue
			}
			say(verb+" "+stream, "$JS.API.STREAM."+verb+"."+stream, `{"seq":1}`)
		}
		say("DIRECT.GET "+stream, "$JS.API.DIRECT.GET."+stream, `{"seq":1}`)
		say("DIRECT.GET "+stream+" by subject", "$JS.API.DIRECT.GET."+stream+".laurel.voting.v1.tally_sealed.s1", "")
	}
	if user != "admin" {
		say("asks", "$JS.API.STREAM.NAMES", "{}")
	}
	for _, subject := range []string{
		"$JS.API.STREAM.LIST", "$JS.API.META.LEADER.STEPDOWN", "$JS.API.ACCOUNT.PURGE.LAUREL",
		"$JS.API.SERVER.REMOVE", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.LAUREL.CONNZ", "$SRV.PING", "$SRV.INFO.identity",
	} {
		say("asks", subject, "{}")
	}
	hear(">", "rpc.>", "rpc.*.v1.*", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "$SYS.>", "_INBOX.>", "dead.>", "_R_.>")
	if user != "gateway" {
		hear("laurel.>", "laurel.*.v1.*.s1", "live.>", "live.voting.v1.tally.s1")
	}
	for _, other := range append(event.Services(), "gateway", "admin") {
		if other == user {
			continue
		}
		hear("_INBOX."+other+".>", "$SRV.*."+other, "rpc."+other+".v1.sign_in")
		say("answers for "+other, "_INBOX."+other+".x.y", `{}`)
		if user != "gateway" {
			say("asks "+other, "rpc."+other+".v1.grant_role", `{"email":"thief@example.org","grant":{"slug":"*","role":"organizer"}}`)
		}
		if user != "admin" {
			for _, subject := range event.Published(other) {
				say("forges", strings.Replace(subject, "*", "s1", 1), `{}`)
			}
			for _, verb := range []string{"CREATE", "DELETE", "PAUSE", "INFO", "MSG.NEXT", "RESET", "UNPIN"} {
				say(verb, "$JS.API.CONSUMER."+verb+"."+bus.Stream+"."+other, `{"batch":10}`)
			}
			say("acknowledges for", "$JS.ACK."+bus.Stream+"."+other+".1.1.1.1.1", "+TERM")
			say("buries for", bus.Dead(other, "laurel.voting.v1.tally_sealed.s1"), `{}`)
		}
		if user != event.Voting {
			say("broadcasts", "live.voting.v1.tally.s1", `{"slug":"s1"}`)
		}
	}
	if user != "admin" {
		for _, subject := range []string{
			"$JS.API.CONSUMER.CREATE.LAUREL", "$JS.API.CONSUMER.CREATE.LAUREL." + user, "$JS.API.CONSUMER.CREATE.LAUREL.spy",
			"$JS.API.CONSUMER.CREATE.LAUREL.spy.laurel.identity.>", "$JS.API.CONSUMER.DURABLE.CREATE.LAUREL." + user,
			"$JS.API.CONSUMER.DELETE.LAUREL." + user, "$JS.API.CONSUMER.PAUSE.LAUREL." + user, "$JS.API.CONSUMER.RESET.LAUREL." + user,
			"$JS.API.CONSUMER.CREATE.LAUREL_DEAD.spy", "$JS.API.CONSUMER.LIST.LAUREL", "$JS.API.CONSUMER.NAMES.LAUREL",
			"$JS.API.STREAM.INFO.LAUREL_DEAD", "$JS.API.INFO",
		} {
			say("asks", subject, `{"stream_name":"LAUREL","config":{"durable_name":"`+user+`","filter_subject":"laurel.>","ack_policy":"none"}}`)
		}
		say("invents", "laurel."+user+".v1.never_heard_of.s1", "{}")
		say("invents", "laurel."+user+".v2.tally_sealed.s1", "{}")
		say("buries", "dead."+user+".rpc.identity.v1.grant_role", "{}")
	}
	return all
}

// TestNATS_mayNot has every user try to read, forge and break what is not its
// own. Each is refused by the server.
func TestNATS_mayNot(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	for _, user := range append(event.Services(), "gateway", "admin") {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			refused := make(chan error, 10)
			nc := srv.Dial(t, user, func(err error) { refused <- err })
			for _, try := range thefts(user) {
				what := fmt.Sprintf("%s: %s: %s%s", user, try.what, try.publish, try.listen)
				var err error
				if try.listen != "" {
					_, err = nc.SubscribeSync(try.listen)
				} else {
					err = nc.PublishRequest(try.publish, "_INBOX."+user+".x", []byte(try.body))
				}
				if err == nil {
					err = nc.Flush()
				}
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				select { // the refusal came before the answer to the flush
				case err := <-refused:
					if !strings.Contains(err.Error(), `Permissions Violation`) || !strings.Contains(err.Error(), `"`+try.publish+try.listen+`"`) {
						t.Errorf("%s: %v", what, err)
					}
				case <-time.After(time.Second):
					t.Errorf("%s is not refused", what)
				}
			}
		})
	}
	t.Run("stranger", func(t *testing.T) {
		t.Parallel()
		for _, opts := range [][]nats.Option{
			{nats.RootCAs(srv.CA)}, // no user
			{nats.UserInfo(event.Review, "x"), nats.RootCAs(srv.CA)}, // a wrong password
			{nats.UserInfo(event.Review, event.Review)},              // who does not know the authority
		} {
			if nc, err := nats.Connect("tls://"+srv.Addr().String(), opts...); err == nil {
				nc.Close()
				t.Error("a stranger may connect")
			}
		}
	})
}
