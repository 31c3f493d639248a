//go:build js && wasm

// Command verifier checks a bundle in a browser: it is pkg/bundle for a worker,
// which calls laurelVerify. scripts/build-verifier builds it.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"syscall/js"

	"github.com/laurel-awards/laurel/pkg/bundle"
	"github.com/laurel-awards/laurel/pkg/reason"
)

// outcome is what the page shows.
type outcome struct {
	Slug      string   `json:"slug"`
	Passed    []string `json:"passed"`
	Unchecked []string `json:"unchecked"`
	Failure   string   `json:"failure,omitempty"`
	Broken    bool     `json:"broken,omitempty"` // the file contradicts itself
}

func main() {
	js.Global().Set("laurelVerify", js.FuncOf(func(_ js.Value, args []js.Value) any {
		go verify(args[0], args[1], args[2])
		return nil
	}))
	select {}
}

// verify checks in.file, in the language in.lang, with the receipts in in.receipts;
// it calls progress with bytes, and then done with an outcome in JSON.
func verify(in, progress, done js.Value) {
	o := bundle.Options{Progress: func(read, total int64) { progress.Invoke(float64(read), float64(total)) }}
	for i := range in.Get("receipts").Length() {
		o.Receipts = append(o.Receipts, bundle.Given{Name: "receipt", Text: in.Get("receipts").Index(i).String()})
	}
	file := in.Get("file")
	size := int64(file.Get("size").Int())
	report, err := bundle.Check(&blob{file: file, size: size, reader: js.Global().Get("FileReaderSync").New()}, size, o)
	speaker := bundle.NewSpeaker(in.Get("lang").String())
	told := func(all []reason.Reason) (texts []string) {
		for _, r := range all {
			texts = append(texts, speaker.Text(r))
		}
		return texts
	}
	out := outcome{Slug: report.Slug, Passed: told(report.Passed), Unchecked: told(report.Unchecked)}
	var wrong *bundle.Failure
	switch {
	case errors.As(err, &wrong):
		out.Failure, out.Broken = speaker.Text(wrong.Reason), wrong.Broken
	case err != nil:
		out.Failure = err.Error()
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err) // of texts there is no error
	}
	done.Invoke(string(text))
}

// blob reads a file of the browser's, which may be larger than memory, in stretches.
type blob struct {
	file, reader js.Value
	size         int64
	kept         [4]stretch
	next         int
}

type stretch struct {
	at   int64
	data []byte
}

const width = 1 << 20 // bytes of a stretch

// ReadAt implements io.ReaderAt.
func (b *blob) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if off >= b.size {
			return n, io.EOF
		}
		s := b.stretch(off / width * width)
		copied := copy(p[n:], s[off%width:])
		n, off = n+copied, off+int64(copied)
	}
	return n, nil
}

func (b *blob) stretch(at int64) []byte {
	for _, s := range b.kept {
		if s.data != nil && s.at == at {
			return s.data
		}
	}
	part := b.file.Call("slice", float64(at), float64(min(at+width, b.size)))
	array := js.Global().Get("Uint8Array").New(b.reader.Call("readAsArrayBuffer", part))
	data := make([]byte, array.Get("length").Int())
	js.CopyBytesToGo(data, array)
	b.kept[b.next] = stretch{at, data}
	b.next = (b.next + 1) % len(b.kept)
	return data
}
