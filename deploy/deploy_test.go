package deploy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
)

func services() []string {
	return slices.Sorted(slices.Values(append(event.Services(), "gateway")))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// settings are the environment variables that the program reads.
func settings(t *testing.T) []string {
	t.Helper()
	var names []string
	source := read(t, "../services/cmd/laurel/internal/config/config.go")
	for _, found := range regexp.MustCompile(`env:"([A-Z_]+)"`).FindAllSubmatch(source, -1) {
		names = append(names, string(found[1]))
	}
	names = append(names, "LOG_FORMAT", "LOG_LEVEL")
	if !slices.Contains(names, "NATS_URL") {
		t.Fatalf("settings not found: %v", names)
	}
	return names
}

func checkSettings[V any](t *testing.T, where string, env map[string]V) {
	t.Helper()
	known := settings(t)
	for name := range env {
		if !slices.Contains(known, name) {
			t.Errorf("%s sets %s, which the program does not know", where, name)
		}
	}
}

// checkKeys checks that each key is where it is needed and nowhere else: the
// gateway alone signs requests, of which each room knows the public half; voting
// has pseudonyms and the log, identity the roster. secrets name the gateway's key.
func checkKeys[V any](t *testing.T, name string, env map[string]V, secrets string) {
	t.Helper()
	gateway := name == "gateway"
	for key, has := range map[string]bool{
		"GATEWAY_KEY_FILE": gateway, "GATEWAY_PUBLIC_KEYS": !gateway, "AUDIT_KEY_FILE": !gateway, "CREDENTIAL_KEY_FILE": gateway || name == event.Identity,
		"ROSTER_KEY_FILE": name == event.Identity, "PSEUDONYM_KEY_FILE": name == event.Voting, "LOG_KEY_FILE": name == event.Voting,
		"BUNDLE_KEY_FILE": name == event.Selection,
	} {
		if _, is := env[key]; is != has {
			t.Errorf("%s has %s: %v", name, key, is)
		}
	}
	if strings.Contains(secrets, "gateway") != gateway {
		t.Errorf("%s has %s", name, secrets)
	}
}

// checkCommand checks that the command serves one service that there is.
func checkCommand(t *testing.T, where string, command []string) {
	t.Helper()
	if len(command) != 2 || command[0] != "serve" || !slices.Contains(services(), command[1]) {
		t.Errorf("%s runs %v", where, command)
		return
	}
	if _, err := os.Stat(filepath.Join("../services", command[1])); err != nil {
		t.Errorf("%s: %v", where, err)
	}
}

// TestGateway_proxies holds that the deployments, which publish the gateway, say
// what stands in front of it: it does not start otherwise.
func TestGateway_proxies(t *testing.T) {
	t.Parallel()
	said := regexp.MustCompile(`TRUSTED_PROXIES(: |, value: ")(\$\{TRUSTED_PROXIES:-)?\d+\.\d+\.\d+\.\d+/\d+`)
	for _, file := range []string{"compose.yaml", "kubernetes/gateway.yaml"} {
		text := string(read(t, file))
		if !strings.Contains(text, "PUBLIC_URL") || !said.MatchString(text) {
			t.Errorf("%s publishes the gateway and does not say TRUSTED_PROXIES", file)
		}
	}
}

// makeStreams is the command that no service may do for itself.
var makeStreams = []string{"migrate", "--nats"}

func TestCompose(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]struct {
			Image       string
			Command     []string
			EnvFile     []string `yaml:"env_file"`
			Environment map[string]string
			Secrets     []string
			Volumes     []string
			Healthcheck struct {
				Test    []string
				Disable bool
			}
		}
		Volumes map[string]any
		Secrets map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(read(t, "compose.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range services() {
		s, ok := file.Services[name]
		if !ok {
			t.Errorf("there is no %s", name)
			continue
		}
		checkCommand(t, name, s.Command)
		checkSettings(t, name, s.Environment)
		checkKeys(t, name, s.Environment, fmt.Sprint(s.Secrets))
		if s.Command[1] != name || s.Image != "laurel:latest" || s.Environment["DATA_DIR"] == "" {
			t.Errorf("%s: %+v", name, s)
		}
		if diff := cmp.Diff([]string{"secrets/" + name + ".env"}, s.EnvFile); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, path := range []string{"/healthz", "/readyz"} {
			if !strings.Contains(strings.Join(s.Healthcheck.Test, " "), path) {
				t.Errorf("%s does not check %s", name, path)
			}
		}
		for setting, path := range s.Environment {
			if secret, ok := strings.CutPrefix(path, "/run/secrets/"); ok && !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s: %s needs the secret %s", name, setting, secret)
			}
		}
	}
	if s := file.Services["streams"]; !slices.Equal(s.Command, makeStreams) || !slices.Equal(s.EnvFile, []string{"secrets/admin.env"}) {
		t.Errorf("streams: %+v", s)
	}
	for name, s := range file.Services {
		for _, secret := range s.Secrets {
			if file.Secrets[secret].File == "" {
				t.Errorf("%s: there is no secret %s", name, secret)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, err := os.Stat(from); strings.HasPrefix(from, ".") && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, ok := file.Volumes[from]; !strings.HasPrefix(from, ".") && !ok {
				t.Errorf("%s: there is no volume %s", name, from)
			}
		}
		if !strings.Contains(s.Image, ":") || (len(s.Healthcheck.Test) == 0) != s.Healthcheck.Disable || s.Healthcheck.Disable != (name == "streams") {
			t.Errorf("%s has image %q and health check %v", name, s.Image, s.Healthcheck.Test)
		}
	}
}

// object is what the tests need of a Kubernetes object.
type object struct {
	Kind       string
	Metadata   struct{ Name string }
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Ports []struct {
			TargetPort string `yaml:"targetPort"`
		}
		Template struct {
			Spec struct {
				SecurityContext struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
				} `yaml:"securityContext"`
				Containers []container
				Volumes    []struct {
					Name   string
					Secret *struct {
						SecretName string `yaml:"secretName"`
					}
					Projected struct {
						Sources []struct{ Secret struct{ Name string } }
					}
					PersistentVolumeClaim *struct {
						ClaimName string `yaml:"claimName"`
					} `yaml:"persistentVolumeClaim"`
				}
			}
		}
	}
}

type container struct {
	Name    string
	Args    []string
	EnvFrom []struct {
		SecretRef struct{ Name string } `yaml:"secretRef"`
	} `yaml:"envFrom"`
	Env            []struct{ Name, Value string }
	Ports          []struct{ Name string }
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	VolumeMounts   []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func objects(t *testing.T) map[string]object {
	t.Helper()
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]object{}
	for _, file := range files {
		d := yaml.NewDecoder(bytes.NewReader(read(t, file)))
		for {
			var o object
			err := d.Decode(&o)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all[o.Kind+"/"+o.Metadata.Name] = o
		}
	}
	return all
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	all := objects(t)
	for key, o := range all {
		for name, value := range o.StringData {
			if value != "" {
				t.Errorf("%s holds a value of %s", key, name)
			}
		}
	}
	job := all["Job/laurel-streams"].Spec.Template.Spec
	if len(job.Containers) != 1 || !slices.Equal(job.Containers[0].Args, makeStreams) || !job.SecurityContext.RunAsNonRoot ||
		job.Containers[0].EnvFrom[0].SecretRef.Name != "laurel-admin" || all["Secret/laurel-admin"].StringData == nil {
		t.Errorf("the job that makes streams: %+v", job)
	}
	for _, name := range services() {
		o, ok := all["Deployment/laurel-"+name]
		if !ok || len(o.Spec.Template.Spec.Containers) != 1 {
			t.Errorf("%s has no deployment of one container", name)
			continue
		}
		pod := o.Spec.Template.Spec
		c := pod.Containers[0]
		checkCommand(t, name, c.Args)
		env := map[string]string{}
		for _, e := range c.Env {
			env[e.Name] = e.Value
		}
		checkSettings(t, name, env)
		secret, ok := all["Secret/"+c.EnvFrom[0].SecretRef.Name]
		if !ok {
			t.Errorf("%s: no example of secret %s", name, c.EnvFrom[0].SecretRef.Name)
		}
		checkSettings(t, name, secret.StringData)
		maps.Copy(env, secret.StringData)
		checkKeys(t, name, env, fmt.Sprint(pod.Volumes))
		if c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" || !pod.SecurityContext.RunAsNonRoot {
			t.Errorf("%s: probes %+v, %+v", name, c.LivenessProbe, c.ReadinessProbe)
		}
		var volumes []string
		for _, v := range pod.Volumes {
			volumes = append(volumes, v.Name)
			for _, source := range v.Projected.Sources {
				if all["Secret/"+source.Secret.Name].Kind == "" {
					t.Errorf("%s: no example of secret %s", name, source.Secret.Name)
				}
			}
			if v.Secret != nil && all["Secret/"+v.Secret.SecretName].Kind == "" {
				t.Errorf("%s: no example of secret %s", name, v.Secret.SecretName)
			}
			if v.PersistentVolumeClaim != nil && all["PersistentVolumeClaim/"+v.PersistentVolumeClaim.ClaimName].Kind == "" {
				t.Errorf("%s: no claim %s", name, v.PersistentVolumeClaim.ClaimName)
			}
		}
		for _, m := range c.VolumeMounts {
			if !slices.Contains(volumes, m.Name) {
				t.Errorf("%s mounts %s, which is no volume", name, m.Name)
			}
		}
		for _, p := range all["Service/laurel-"+name].Spec.Ports {
			if !slices.ContainsFunc(c.Ports, func(own struct{ Name string }) bool { return own.Name == p.TargetPort }) {
				t.Errorf("%s has no port %s", name, p.TargetPort)
			}
		}
	}
}

func TestContainerfile(t *testing.T) {
	t.Parallel()
	text := string(read(t, "Containerfile"))
	main := regexp.MustCompile(`go build .* (\./\S+)`).FindStringSubmatch(text)
	if main == nil {
		t.Fatal("no build")
	}
	if _, err := os.Stat(filepath.Join("..", main[1], "main.go")); err != nil {
		t.Error(err)
	}
	for _, base := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1) {
		if _, tag, ok := strings.Cut(base[1], ":"); !ok || tag == "latest" {
			t.Errorf("base %s has no fixed tag", base[1])
		}
	}
	if user := regexp.MustCompile(`(?m)^USER (\d+)`).FindStringSubmatch(text); user == nil || user[1] == "0" {
		t.Errorf("runs as %v", user)
	}
}
