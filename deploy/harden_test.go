package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// pod is what the tests of hardening need of a Deployment or a NetworkPolicy.
type pod struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		PodSelector struct {
			MatchLabels      map[string]string `yaml:"matchLabels"`
			MatchExpressions []struct {
				Key, Operator string
				Values        []string
			} `yaml:"matchExpressions"`
		} `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Ingress     []struct{ Ports []struct{ Port int } }
		Egress      []struct{ Ports []struct{ Port int } }
		Template    struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
				SecurityContext              struct {
					RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
					SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
				} `yaml:"securityContext"`
				Containers []struct {
					Image           string
					SecurityContext struct {
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						Capabilities             struct{ Drop []string }
					} `yaml:"securityContext"`
				}
			}
		}
	}
}

func pods(t *testing.T) (all []pod) {
	t.Helper()
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		dec := yaml.NewDecoder(bytes.NewReader(read(t, file)))
		for {
			var p pod
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all = append(all, p)
		}
	}
	return all
}

// selects tells whether a policy is about pods with the labels.
func (p pod) selects(labels map[string]string) bool {
	for k, v := range p.Spec.PodSelector.MatchLabels {
		if labels[k] != v {
			return false
		}
	}
	for _, e := range p.Spec.PodSelector.MatchExpressions {
		if e.Operator != "In" || !slices.Contains(e.Values, labels[e.Key]) {
			return false
		}
	}
	return true
}

// TestKubernetes_network walks which ports each service hears and reaches: the
// gateway no database, and mail from identity alone.
func TestKubernetes_network(t *testing.T) {
	t.Parallel()
	const nats, postgres, ops, public, mail = 4222, 5432, 9090, 8080, 587
	all, seen := pods(t), 0
	for _, d := range all {
		if d.Kind != "Deployment" {
			continue
		}
		seen++
		labels := d.Spec.Template.Metadata.Labels
		in, out, closed := map[int]bool{}, map[int]bool{}, false
		for _, p := range all {
			if p.Kind != "NetworkPolicy" || !p.selects(labels) {
				continue
			}
			closed = closed || len(p.Spec.PolicyTypes) == 2 && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0
			for _, rule := range p.Spec.Ingress {
				for _, port := range rule.Ports {
					in[port.Port] = true
				}
			}
			for _, rule := range p.Spec.Egress {
				for _, port := range rule.Ports {
					out[port.Port] = true
				}
			}
		}
		service := labels["service"]
		want := map[int]bool{53: true, nats: true, postgres: true}
		heard := map[int]bool{ops: true}
		switch service {
		case "gateway":
			delete(want, postgres)
			heard[public] = true
		case "identity":
			want[mail], want[465] = true, true
		}
		if !closed || !maps.Equal(out, want) || !maps.Equal(in, heard) {
			t.Errorf("%s reaches %v and hears %v, closed otherwise: %v; want %v and %v", service, out, in, closed, want, heard)
		}
	}
	if seen != len(services()) {
		t.Errorf("%d Deployments", seen)
	}
}

// TestKubernetes_confined holds each container to what confines it.
func TestKubernetes_confined(t *testing.T) {
	t.Parallel()
	for _, d := range pods(t) {
		if d.Kind != "Deployment" && d.Kind != "Job" {
			continue
		}
		spec := d.Spec.Template.Spec
		token := spec.AutomountServiceAccountToken
		if !spec.SecurityContext.RunAsNonRoot || spec.SecurityContext.SeccompProfile.Type != "RuntimeDefault" || token == nil || *token {
			t.Errorf("%s: %+v", d.Metadata.Name, spec)
		}
		for _, c := range spec.Containers {
			escalate := c.SecurityContext.AllowPrivilegeEscalation
			if escalate == nil || *escalate || !c.SecurityContext.ReadOnlyRootFilesystem || !slices.Contains(c.SecurityContext.Capabilities.Drop, "ALL") {
				t.Errorf("%s: %+v", d.Metadata.Name, c)
			}
			if c.Image != "laurel" { // kustomize writes the digest
				t.Errorf("%s has the image %s", d.Metadata.Name, c.Image)
			}
		}
	}
}

// TestPinImages runs the script on a copy with a registry of our own making:
// each image that we do not build gets its digest, and gets it again.
func TestPinImages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"deploy/Containerfile", "deploy/compose.yaml", "scripts/pin-images"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), read(t, filepath.Join("..", path)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	pin := func(digit string) string {
		t.Helper()
		docker := "#!/bin/sh\n[ \"$5\" != laurel:latest ] || exit 1\necho sha256:" + strings.Repeat(digit, 64) + "\n"
		if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(docker), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("bash", filepath.Join(dir, "scripts/pin-images"))
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var all string
		for _, path := range []string{"deploy/Containerfile", "deploy/compose.yaml"} {
			text, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				t.Fatal(err)
			}
			all += string(text)
		}
		return all
	}
	foreign := regexp.MustCompile(`(?m)^(FROM|\s+image:) (golang|alpine|postgres|nats)\S*`)
	for _, digit := range []string{"a", "b"} {
		text := pin(digit)
		images := foreign.FindAllString(text, -1)
		if len(images) != 4 {
			t.Errorf("images %q", images)
		}
		for _, image := range images {
			if !strings.HasSuffix(image, "@sha256:"+strings.Repeat(digit, 64)) || strings.Count(image, "@") != 1 {
				t.Errorf("%s is not pinned", image)
			}
		}
	}
}
