package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/problem"
)

const (
	mediaForm = "multipart/form-data"
	// formRoom is what a form has around its file, in bytes.
	formRoom = 4 << 10
	// fileField is what the file of a form is called.
	fileField = "file"
)

// Upload is a request whose body is a file: as it is, or as the one file of a form,
// as `curl --form file=@FILE` sends it.
type Upload struct {
	RawBody []byte `contentType:"application/octet-stream"`

	media string
}

// Resolve implements huma.Resolver.
func (u *Upload) Resolve(ctx huma.Context) []error {
	u.media = ctx.Header("Content-Type")
	return nil
}

var errForm = fault.New(fault.Malformed, "request_malformed", "the form does not end as it should, or has no boundary",
	fault.Wrong("body", "input_malformed", "is no form"))

// file is the body, without the form around it.
func (u *Upload) file() (file []byte, err error) {
	boundary, isForm := boundaryOf(u.media)
	if !isForm {
		return u.RawBody, nil
	}
	found := false
	for parts := multipart.NewReader(bytes.NewReader(u.RawBody), boundary); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errForm.Because(err)
		}
		switch name := part.FormName(); {
		case name != fileField:
			return nil, problem.Invalid([]fault.Field{fault.Wrong(name, "field_unknown", "is not known here")})
		case found:
			return nil, problem.Invalid([]fault.Field{fault.Wrong(fileField, "list_too_long", "takes at most {max}", "max", 1)})
		}
		if file, err = io.ReadAll(part); err != nil {
			return nil, errForm.Because(err)
		}
		found = true
	}
	if !found {
		return nil, problem.Invalid([]fault.Field{fault.Required(fileField)})
	}
	return file, nil
}

// boundaryOf is what stands between the parts of a form, if a content type is one.
func boundaryOf(contentType string) (boundary string, isForm bool) {
	media, params, err := mime.ParseMediaType(contentType)
	return params["boundary"], err == nil && media == mediaForm
}

// describe says that a form does as well as the file itself.
func (*Upload) describe(op *huma.Operation) {
	op.RequestBody.Content[mediaForm] = &huma.MediaType{Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{fileField},
		Properties: map[string]*huma.Schema{fileField: {Type: huma.TypeString, Format: "binary"}},
	}}
}
