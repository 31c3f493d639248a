// Package config declares the settings of a server once: flags, environment,
// defaults and their documentation.
package config

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/retention"
)

// Database is where the truth is kept, and where the files beside it are.
type Database struct {
	DataDir string `name:"data-dir" aliases:"data" env:"DATA_DIR" help:"Where blobs, keys, the embedded NATS and the private PostgreSQL live; processes of one installation share it. --data is the same. Default: data; with --private /var/lib/laurel/data (root) or laurel/data in the user's data directory."`
	Private bool   `env:"PRIVATE_POSTGRES" help:"Take the PostgreSQL of the installation's own, in the data directory, which laurel serve starts and ends: one machine then needs nothing else. Not with DATABASE_URL."`

	URL           string `name:"database-url" env:"DATABASE_URL" help:"PostgreSQL, postgres://…; each service works in its own schema as its own role."`
	IdentityURL   string `name:"identity-database-url" env:"IDENTITY_DATABASE_URL" help:"Another database for identity."`
	SelectionURL  string `name:"selection-database-url" env:"SELECTION_DATABASE_URL" help:"Another database for selection."`
	NominationURL string `name:"nomination-database-url" env:"NOMINATION_DATABASE_URL" help:"Another database for nomination."`
	VotingURL     string `name:"voting-database-url" env:"VOTING_DATABASE_URL" help:"Another database for voting."`
	ReviewURL     string `name:"review-database-url" env:"REVIEW_DATABASE_URL" help:"Another database for review."`
}

// Of is the URL of a service's database.
func (d Database) Of(service string) (string, error) {
	if d.Private {
		return d.privateURL()
	}
	own := cmp.Or(d.own()[service], d.URL)
	if own == "" {
		return "", fmt.Errorf("%s has no database: set DATABASE_URL, or say --private for one of the installation's own", service)
	}
	return own, nil
}

// own are the URLs of services with databases of their own.
func (d Database) own() map[string]string {
	return map[string]string{
		event.Identity: d.IdentityURL, event.Selection: d.SelectionURL, event.Nomination: d.NominationURL,
		event.Voting: d.VotingURL, event.Review: d.ReviewURL,
	}
}

// NATS is how requests and events travel.
type NATS struct {
	NATSURL string `name:"nats-url" env:"NATS_URL" help:"tls://USER:PASSWORD@HOST:4222, or nats://… on this machine; without it laurel serve runs a NATS with JetStream inside the process, which must then run all services."`
	CAFile  string `name:"nats-ca-file" env:"NATS_CA_FILE" type:"path" help:"Certificate of the authority that vouches for NATS, in PEM. Default: those that the system knows."`
	Plain   bool   `name:"nats-insecure" env:"NATS_INSECURE" help:"Go to a NATS on another machine unencrypted, over a network that nobody else reaches."`
}

// Connect dials as the service of the name.
func (n NATS) Connect(name string, log *slog.Logger) (*bus.Bus, error) {
	if n.NATSURL == "" {
		return nil, errors.New("NATS_URL is not set")
	}
	var options []bus.Option
	if n.CAFile != "" {
		options = append(options, bus.CA(n.CAFile))
	}
	if n.Plain {
		options = append(options, bus.Plaintext())
	}
	return bus.Connect(n.NATSURL, name, log, options...)
}

// Server is the settings of `laurel serve`.
type Server struct {
	Database `embed:"" group:"Database"`

	NATS `embed:"" group:"NATS"`

	Listen         string   `env:"LISTEN" default:"127.0.0.1:8080" group:"Gateway" help:"Address of the public API and pages."`
	PublicURL      string   `name:"public-url" env:"PUBLIC_URL" group:"Gateway" help:"How browsers reach the gateway, https://…; decides whether cookies are Secure, and leads the links in letters, which identity sends."`
	TrustedProxies []string `env:"TRUSTED_PROXIES" group:"Gateway" help:"CIDRs of the reverse proxies in front of the gateway, whose X-Forwarded-For is believed; the word none: there are no proxies. Required where PUBLIC_URL is set to what is not loopback."`
	WorkNumbers    int64    `env:"WORK_NUMBERS" default:"200000" group:"Gateway" help:"Proof of work for a device credential, asked for while very many are wanted from an address, a network or in all: how many numbers a browser tries at most, to begin with (200,000 take a cheap phone about a second; up to five times as many later); 0: none, whoever comes then has to wait."`
	Font           string   `env:"FONT" type:"path" group:"Gateway" help:"Font file (TTF, OTF, TTC) with Chinese glyphs, by which the pictures of links are drawn. Default: Noto Sans CJK, Source Han Sans or WenQuanYi, where the machine has one; without any, links have no picture."`
	LiveStreams    int      `env:"LIVE_STREAMS" default:"20000" group:"Gateway" help:"Live streams that one gateway holds at a time; at most three quarters of the files that the process may open."`
	PageCache      int      `env:"PAGE_CACHE" default:"67108864" group:"Gateway" help:"Bytes of pages that a gateway keeps, compressed, for all visitors: a list of 60 candidates takes 12,000 in each of its fair orders and languages."`
	HolidaysFile   string   `env:"HOLIDAYS_FILE" type:"path" group:"Operations" help:"Holidays of China that came out after this version, for notices: lines such as 2027-01-01,holiday or 2027-01-03,work; see docs/rulebook.md. None by default."`
	SearchBudget   int64    `env:"SEARCH_BUDGET" default:"3000000000" group:"Operations" help:"How much work the search for who can be seated under the quotas may do while somebody waits for the result, in numbers looked at: 1,000,000,000 take about a second. Where it does not do, an organizer orders a longer search."`
	OpsListen      string   `name:"ops-listen" env:"OPS_LISTEN" group:"Operations" help:"Address of /healthz, /readyz and /metrics for operators; none by default."`
	ProfileListen  string   `env:"PROFILE_LISTEN" group:"Operations" help:"Address of /debug/pprof/, which shows what is in memory: on loopback, 127.0.0.1:6060, or unix:FILE; any other is refused. None by default."`

	SMTPURL  string `name:"smtp-url" env:"SMTP_URL" group:"Mail" help:"Server that takes the letters to members of staff: smtp://USER:PASSWORD@HOST:587, where TLS is demanded (STARTTLS) unless HOST is this machine, or smtps://… for TLS from the start. Default: no mail is sent; links are handed over, and nobody resets a password but by the command."`
	MailFrom string `env:"MAIL_FROM" group:"Mail" help:"Sender of the letters, such as Laurel <laurel@example.org>; needed with SMTP_URL, as PUBLIC_URL is."`

	PrintingKey string `env:"PRINTING_KEY" group:"Mail" help:"Public key of the printing office for voters' codes that no organizer reads: age1…, as laurel slips key makes it, on the office's machine. Organizers get the slips sealed for it. Needs PUBLIC_URL. Default: there is no such office."`

	SecondFactor []string `name:"second-factor-roles" env:"SECOND_FACTOR_ROLES" group:"Accounts" help:"Roles of staff that take a second factor beside the password (organizer, vetter, juror, committee, signer, auditor): an account with one of them sets it up after its next sign-in, and can do nothing else before; the word none: no role does. Default: organizer where SMTP_URL is set, else none."`

	CredentialKeyFile string        `env:"CREDENTIAL_KEY_FILE" type:"path" group:"Secrets" help:"Signs voter credentials; identity and gateway have the same. Default: keys/credential in the data directory, made at the first start."`
	PseudonymKeyFile  string        `env:"PSEUDONYM_KEY_FILE" type:"path" group:"Secrets" help:"Turns voters into pseudonyms; keep it apart from the database and its backups. Default: keys/pseudonym in the data directory."`
	LogKeyFile        string        `env:"LOG_KEY_FILE" type:"path" group:"Secrets" help:"Signs the ballot log; more lines hand over to another key, see docs/receipts.md. Keep it apart from the database and its backups. Default: keys/log in the data directory, made at the first start."`
	BundleKeyFile     string        `env:"BUNDLE_KEY_FILE" type:"path" group:"Secrets" help:"Signs the bundles of published results; more lines hand over to another key, as of the ballot log. Keep it apart from the database and its backups. Default: keys/bundle in the data directory, made at the first start."`
	RosterKeyFile     string        `env:"ROSTER_KEY_FILE" type:"path" group:"Secrets" help:"Hashes the codes of rosters and names their voters; keep it as long as codes are out, and apart from the database and its backups. Default: keys/roster in the data directory, made at the first start."`
	FactorKeyFile     string        `env:"FACTOR_KEY_FILE" type:"path" group:"Secrets" help:"Seals the second factors of staff in the database of identity; without it they are lost, and their holders set up others. Keep it apart from the database and its backups. Default: keys/factor in the data directory, made at the first start."`
	GatewayKeyFile    string        `env:"GATEWAY_KEY_FILE" type:"path" group:"Secrets" help:"Signs the requests of the gateway to services; the gateway's alone where services run in several processes. Default: keys/gateway in the data directory, made at the first start."`
	GatewayPublicKeys []string      `env:"GATEWAY_PUBLIC_KEYS" group:"Secrets" help:"By which services know the gateway's requests, as laurel admin gateway-key tells; two while the key changes. Default: that of the gateway's key in the data directory."`
	AuditKeyFile      string        `env:"AUDIT_KEY_FILE" type:"path" group:"Secrets" help:"Signs the heads of the audit log, the same in all rooms; more lines hand over to another key, as of the ballot log. Keep it apart from the database and its backups. Default: keys/audit in the data directory, made at the first start."`
	CredentialTTL     time.Duration `env:"CREDENTIAL_TTL" default:"2160h" group:"Secrets" help:"Life of a voter's credential."`
	SessionTTL        time.Duration `env:"SESSION_TTL" default:"12h" group:"Secrets" help:"Life of a staff session."`

	Retention Retention `embed:"" prefix:"retention-" group:"Retention"`

	Log Log `embed:"" prefix:"log-" group:"Operations"`
}

// Retention is for how many days the rooms keep what they know of people.
type Retention struct {
	Withdrawn   int `env:"RETENTION_WITHDRAWN" default:"30" help:"Days from its withdrawal until an entry loses what it tells of people, and its picture; 0: never."`
	Refused     int `env:"RETENTION_REFUSED" default:"180" help:"Days from the publication until an entry that was vetoed, or not passed in time, does so; 0: never."`
	Struck      int `env:"RETENTION_STRUCK" default:"180" help:"Days from the publication until a candidate that was struck loses picture, story and what else was told of the person but number, name, category and the reason; 0: never."`
	Objections  int `env:"RETENTION_OBJECTIONS" default:"180" help:"Days from the publication until objections lose who made them, what they say, their files and notes, and the reasons of the outcome; the outcome stays; 0: never."`
	Roster      int `env:"RETENTION_ROSTER" default:"180" help:"Days from the publication until the members of a roster are erased; 0: never."`
	SignIns     int `env:"RETENTION_SIGN_INS" default:"180" help:"Days until the audit log forgets the names and addresses of sign-ins, failures and sign-outs, at least 180; 0: never."`
	Audit       int `env:"RETENTION_AUDIT" default:"1095" help:"Days until it forgets names, reasons and details of all other acts, at least 180; who did what, and when, stays, by the account's id; 0: never."`
	Unpublished int `env:"RETENTION_UNPUBLISHED" default:"730" help:"Days from its beginning until a selection that has not been published is treated as if it had been; 0: never."`
}

// Periods are the days as the rooms take them.
func (r Retention) Periods() (p retention.Periods, err error) {
	for _, s := range []struct {
		name  string
		days  int
		least time.Duration
		to    *time.Duration
	}{
		{"RETENTION_WITHDRAWN", r.Withdrawn, 0, &p.Withdrawn},
		{"RETENTION_REFUSED", r.Refused, 0, &p.Refused},
		{"RETENTION_STRUCK", r.Struck, 0, &p.Struck},
		{"RETENTION_OBJECTIONS", r.Objections, 0, &p.Objections},
		{"RETENTION_ROSTER", r.Roster, 0, &p.Roster},
		{"RETENTION_SIGN_INS", r.SignIns, audit.Youngest, &p.SignIns},
		{"RETENTION_AUDIT", r.Audit, audit.Youngest, &p.Audit},
		{"RETENTION_UNPUBLISHED", r.Unpublished, 0, &p.Unpublished},
	} {
		const day, most = 24 * time.Hour, 100_000 // days
		if s.days < 0 || s.days > most || s.days > 0 && time.Duration(s.days)*day < s.least {
			err = errors.Join(err, fmt.Errorf("%s: %d is not 0 or %d to %d days", s.name, s.days, max(1, s.least/day), most))
			continue
		}
		*s.to = time.Duration(s.days) * day
	}
	return p, err
}

// Log is how the program logs.
type Log struct {
	Level  slog.Level `env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
	Format string     `env:"LOG_FORMAT" enum:"text,json" default:"text" help:"text or json."`
}

// Logger writes to standard error; each line names its request.
func (l Log) Logger() *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	var h slog.Handler = slog.NewTextHandler(os.Stderr, opts)
	if l.Format == "json" {
		h = slog.NewJSONHandler(os.Stderr, opts)
	}
	return slog.New(actor.Log(h))
}

// keySize is the size of every key in bytes; a key file holds it in hex.
const keySize = 32

// Absent tells whether there is no such file as Key would read.
func (s Server) Absent(file, name string) (bool, error) {
	if file == "" {
		dir, err := s.Dir()
		if err != nil {
			return false, err
		}
		file = filepath.Join(dir, KeysDir, name)
	}
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return false, err
}

// Key reads the key in file, or in keys/name of the data directory, where it
// is made if it is not there yet.
func (s Server) Key(file, name string) ([]byte, error) {
	text, file, err := s.readKey(file, name)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%s key: %s does not hold %d bytes in hex", name, file, keySize)
	}
	return key, nil
}

// GatewaySigner reads the key of the gateway.
func (s Server) GatewaySigner() (bus.Signer, error) {
	key, err := s.Key(s.GatewayKeyFile, "gateway")
	if err != nil {
		return bus.Signer{}, err
	}
	return bus.NewSigner(key)
}

// Holidays reads the installation's own; nil where there are none.
func (s Server) Holidays() (calendar.Holidays, error) {
	if s.HolidaysFile == "" {
		return nil, nil
	}
	f, err := os.Open(s.HolidaysFile)
	if err != nil {
		return nil, fmt.Errorf("HOLIDAYS_FILE: %w", err)
	}
	defer f.Close()
	holidays, err := calendar.ReadHolidays(f)
	if err != nil {
		return nil, fmt.Errorf("HOLIDAYS_FILE: %w", err)
	}
	return holidays, nil
}

// Trusted are the keys by which a service knows the gateway.
func (s Server) Trusted() (bus.Trusted, error) {
	keys := s.GatewayPublicKeys
	if len(keys) == 0 {
		signer, err := s.GatewaySigner()
		if err != nil {
			return nil, err
		}
		keys = []string{signer.Public()}
	}
	trusted, err := bus.ParseTrusted(keys...)
	if err != nil {
		return nil, fmt.Errorf("GATEWAY_PUBLIC_KEYS: %w", err)
	}
	return trusted, nil
}

// LogSigner reads the keys of the ballot log; the file may hold several, see
// ballotlog.ReadSigner.
func (s Server) LogSigner() (ballotlog.Signer, error) { return s.signer(s.LogKeyFile, "log") }

// BundleSigner reads the keys of bundles; the file is like the ballot log's.
func (s Server) BundleSigner() (ballotlog.Signer, error) { return s.signer(s.BundleKeyFile, "bundle") }

// AuditSigner reads the keys of the audit log; the file is like the ballot log's.
func (s Server) AuditSigner() (ballotlog.Signer, error) { return s.signer(s.AuditKeyFile, "audit") }

func (s Server) signer(file, name string) (ballotlog.Signer, error) {
	text, file, err := s.readKey(file, name)
	if err != nil {
		return ballotlog.Signer{}, err
	}
	signer, err := ballotlog.ReadSigner(text)
	if err != nil {
		return ballotlog.Signer{}, fmt.Errorf("%s key: %s: %w", name, file, err)
	}
	return signer, nil
}

// readKey gives the text of a key file, and which file it is.
func (s Server) readKey(file, name string) (text, path string, err error) {
	if file == "" {
		dir, err := s.Dir()
		if err != nil {
			return "", "", err
		}
		file = filepath.Join(dir, KeysDir, name)
		if err := makeKey(file); err != nil {
			return "", file, fmt.Errorf("%s key: %w", name, err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", file, fmt.Errorf("%s key: %w", name, err)
	}
	return string(data), file, nil
}

// makeKey writes a new key unless there is one. Of several that try at once,
// one wins and the rest use its key.
func makeKey(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	key := make([]byte, keySize)
	rand.Read(key)
	tmp, err := os.CreateTemp(filepath.Dir(file), ".key-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = fmt.Fprintln(tmp, hex.EncodeToString(key))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
