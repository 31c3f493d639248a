package page_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/voting"
)

// hashes are a log's, in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, h[i])
	}
	return out, nil
}

// TestBrowser_proof has a browser check the proofs of every ballot of logs of many
// sizes, as the page of a receipt does, and refuse each that is not one.
func TestBrowser_proof(t *testing.T) {
	signer, err := ballotlog.NewSigner([]byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ballotlog.NewSigner([]byte(strings.Repeat("o", 32)))
	if err != nil {
		t.Fatal(err)
	}
	type asked struct {
		Recorded voting.Recorded `json:"recorded"`
		Want     string          `json:"want"`
		What     string          `json:"what"`
	}
	var all []asked
	var log hashes
	leaf := func(i int64) string { return fmt.Sprintf("ballot 2026-05-04 voter%d 3,5 salt", i) }
	for n := range int64(20) {
		stored, err := tlog.StoredHashes(n, []byte(leaf(n)), log)
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, stored...)
		root, err := tlog.TreeHash(n+1, log)
		if err != nil {
			t.Fatal(err)
		}
		tree := ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: tlog.Tree{N: n + 1, Hash: root}}
		head, err := signer.Sign(tree)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n + 1 {
			path, err := tlog.ProveRecord(n+1, i, log)
			if err != nil {
				t.Fatal(err)
			}
			inclusion := ballotlog.NewInclusion(head, i, path)
			var r voting.Recorded
			r.Evidence.Leaf, r.Evidence.Proof = leaf(i), &inclusion
			all = append(all, asked{r, "yes", fmt.Sprintf("%d of %d", i, n+1)})
			if n == 12 {
				for what, forge := range map[string]func(r *voting.Recorded){
					"another line":  func(r *voting.Recorded) { r.Evidence.Leaf += "x" },
					"another place": func(r *voting.Recorded) { r.Evidence.Proof.Index = (i + 1) % 13 },
					"outside":       func(r *voting.Recorded) { r.Evidence.Proof.Index = 13 },
					"short":         func(r *voting.Recorded) { r.Evidence.Proof.Path = r.Evidence.Proof.Path[1:] },
					"long": func(r *voting.Recorded) {
						r.Evidence.Proof.Path = append(r.Evidence.Proof.Path[:len(r.Evidence.Proof.Path):len(r.Evidence.Proof.Path)], r.Evidence.Proof.Path[0])
					},
					"unsigned":   func(r *voting.Recorded) { r.Evidence.Proof.Head = strings.Split(head, "\n\n")[0] + "\n" },
					"of another": func(r *voting.Recorded) { r.Evidence.Proof.Head, err = other.Sign(tree) },
					"of another log": func(r *voting.Recorded) {
						r.Evidence.Proof.Head, err = signer.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin("other"), Tree: tree.Tree})
					},
				} {
					forged, proof := r, inclusion
					forged.Evidence.Proof = &proof
					if forge(&forged); err != nil {
						t.Fatal(err)
					}
					all = append(all, asked{forged, "no", what})
				}
			}
		}
	}
	keys, err := signer.Keys()
	if err != nil {
		t.Fatal(err)
	}
	given, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := json.Marshal(strings.Split(keys, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	h := newInstallation(t, courierRules(t), 3)
	v, address := visitor(t), serve(t, h, "").URL
	form := get(t, v, address+"/s/"+slug).ballot(t, "1")
	ask(t, v, "POST", address+"/s/"+slug+"/vote", form)
	page := get(t, v, address+"/s/"+slug+"/receipt")
	page.has(t, 200, `data-log="laurel/`+slug+`/ballots"`, `/api/v1/selections/`+slug+`/log/key`)
	_, script, _ := strings.Cut(page.body, `data-check="`)
	script, _, _ = strings.Cut(script, `"`)
	ctx := browser.Open(t)
	browser.Run(t, ctx, "open", chromedp.Navigate(address))
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`(async () => {
		const { prove } = await import(`+"`"+script+"`"+`), keys = `+string(lines)+`.filter(k => k.includes("+") && !k.startsWith("—")), wrong = [];
		for (const a of `+string(given)+`) {
			const got = await prove(a.recorded, keys, "laurel/`+slug+`/ballots");
			if (got !== a.want) wrong.push(a.what + ": " + got);
		}
		return wrong;
	})()`, chromedp.EvalAwaitPromise))
	if err != nil || len(wrong) > 0 {
		t.Errorf("%v: %q", err, wrong)
	}
}
