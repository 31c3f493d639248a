package serve_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

const root = "../../../../../"

// A metric is a call of promauto in the source.
type metric struct {
	name, kind, help string
	labels           []string
}

// TestMetrics holds docs/metrics.md to the metrics that the code registers. A
// registry does not tell the types, so they are read from the source; the
// registry tells whether one was missed.
func TestMetrics(t *testing.T) {
	const path = root + "docs/metrics.md"
	metrics := readMetrics(t)
	var names []string
	for _, m := range metrics {
		names = append(names, m.name)
	}
	if diff := cmp.Diff(registered(t), names); diff != "" {
		t.Fatalf("metrics (-registered +found in the source):\n%s", diff)
	}
	got := markdown(metrics)
	testkit.Golden(t, path, got)
}

// TestAlerts holds deploy/prometheus/alerts.yaml to metrics that there are, with the
// labels that they have.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile(root + "deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string][]string{}
	for _, m := range readMetrics(t) {
		known[m.name] = m.labels
	}
	exprs := regexp.MustCompile(`expr: (?:max|sum) by \(([a-z, ]+)\) \((?:increase\()?(laurel_[a-z_]+)`).FindAllStringSubmatch(string(text), -1)
	if len(exprs) != strings.Count(string(text), "alert:") {
		t.Errorf("%d of the alerts could be read", len(exprs))
	}
	for _, e := range exprs {
		for label := range strings.SplitSeq(e[1], ", ") {
			if !slices.Contains(known[e[2]], label) {
				t.Errorf("%s has no label %s", e[2], label)
			}
		}
	}
}

func markdown(metrics []metric) string {
	var b strings.Builder
	b.WriteString("# Metrics\n\nGenerated from the source by `make docs`; a test keeps it true.\n\n" +
		"`GET /metrics` at `--ops-listen` gives them in Prometheus's format, beside those of the Go runtime (`go_…`) and of\n" +
		"the process (`process_…`). A process counts for the services that it runs; the rest stays at 0.\n\n" +
		"| metric | type | labels | |\n|---|---|---|---|\n")
	for _, m := range metrics {
		var labels string
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, m.kind, labels, m.help)
	}
	return b.String()
}

// registered are the names in the default registry, where all services of this
// binary register theirs, less those of the library.
func registered(t *testing.T) []string {
	t.Helper()
	registry, ok := prometheus.DefaultRegisterer.(*prometheus.Registry)
	if !ok {
		t.Fatalf("the default registry is a %T", prometheus.DefaultRegisterer)
	}
	descs := make(chan *prometheus.Desc, 1000)
	registry.Describe(descs)
	close(descs)
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	var names []string
	for d := range descs {
		if n := name.FindStringSubmatch(d.String())[1]; !strings.HasPrefix(n, "go_") && !strings.HasPrefix(n, "process_") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

func readMetrics(t *testing.T) []metric {
	t.Helper()
	var metrics []metric
	for _, dir := range []string{"pkg", "services"} {
		err := filepath.WalkDir(root+dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if m, ok := readMetric(call); ok {
						metrics = append(metrics, m)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(metrics, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	return metrics
}

// readMetric reads promauto.NewCounterVec(prometheus.CounterOpts{Name: "…", Help: "…"}, []string{"…"})
// and its like.
func readMetric(call *ast.CallExpr) (m metric, ok bool) {
	fn, isSelector := call.Fun.(*ast.SelectorExpr)
	if !isSelector || len(call.Args) == 0 {
		return m, false
	}
	if pkg, isName := fn.X.(*ast.Ident); !isName || pkg.Name != "promauto" {
		return m, false
	}
	opts, isLiteral := call.Args[0].(*ast.CompositeLit)
	if !isLiteral {
		return m, false
	}
	kind := strings.TrimPrefix(fn.Sel.Name, "New")
	m.kind = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(kind, "Vec"), "Func"))
	for _, e := range opts.Elts {
		field, isField := e.(*ast.KeyValueExpr)
		if !isField {
			continue
		}
		switch fmt.Sprint(field.Key) {
		case "Name":
			m.name = text(field.Value)
		case "Help":
			m.help = text(field.Value)
		}
	}
	if strings.HasSuffix(kind, "Vec") {
		if labels, isLiteral := call.Args[1].(*ast.CompositeLit); isLiteral {
			for _, l := range labels.Elts {
				m.labels = append(m.labels, text(l))
			}
		}
	}
	return m, true
}

func text(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return s
		}
	}
	return ""
}
