package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

// The texts that have few values. The contracts have the constants; here is how
// each is described.
type (
	roleSchema       struct{}
	accountSchema    struct{}
	factorSchema     struct{}
	letterSchema     struct{}
	letterKindSchema struct{}
	mailActSchema    struct{}
	wordingSchema    struct{}
	stateSchema      struct{}
	phaseStateSchema struct{}
	formSchema       struct{}
	orderSchema      struct{}
	fileSchema       struct{}
	sheetsSchema     struct{}
	unknownSchema    struct{}
	havingSchema     struct{}
	sortSchema       struct{}
	jobStateSchema   struct{}
	showSchema       struct{}
	docketSchema     struct{}
)

func (roleSchema) Schema(huma.Registry) *huma.Schema       { return oneOf(identity.Roles()) }
func (accountSchema) Schema(huma.Registry) *huma.Schema    { return oneOf(identity.States()) }
func (factorSchema) Schema(huma.Registry) *huma.Schema     { return oneOf(identity.FactorKinds()) }
func (letterSchema) Schema(huma.Registry) *huma.Schema     { return oneOf(identity.LetterStates()) }
func (letterKindSchema) Schema(huma.Registry) *huma.Schema { return oneOf(identity.LetterKinds()) }
func (mailActSchema) Schema(huma.Registry) *huma.Schema    { return oneOf(identity.MailActs()) }
func (wordingSchema) Schema(huma.Registry) *huma.Schema    { return oneOf(identity.WordingKinds()) }
func (stateSchema) Schema(huma.Registry) *huma.Schema      { return oneOf(nomination.States()) }
func (phaseStateSchema) Schema(huma.Registry) *huma.Schema { return oneOf(selection.PhaseStates()) }
func (formSchema) Schema(huma.Registry) *huma.Schema       { return oneOf(gateway.Forms()) }
func (orderSchema) Schema(huma.Registry) *huma.Schema      { return oneOf(gateway.Orders()) }
func (fileSchema) Schema(huma.Registry) *huma.Schema       { return oneOf(gateway.Files()) }
func (sheetsSchema) Schema(huma.Registry) *huma.Schema     { return oneOf(gateway.SheetsChoices()) }
func (unknownSchema) Schema(huma.Registry) *huma.Schema    { return oneOf(nomination.Unknowns()) }
func (havingSchema) Schema(huma.Registry) *huma.Schema     { return oneOf(nomination.Havings()) }
func (sortSchema) Schema(huma.Registry) *huma.Schema       { return oneOf(nomination.Sorts()) }
func (jobStateSchema) Schema(huma.Registry) *huma.Schema   { return oneOf(job.States()) }
func (showSchema) Schema(huma.Registry) *huma.Schema       { return oneOf(nomination.Shows()) }
func (docketSchema) Schema(huma.Registry) *huma.Schema     { return oneOf(nomination.VettingOrders()) }

func oneOf[T ~string](values []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// enums has every text of these types described by its values.
func enums(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[identity.Role](), reflect.TypeFor[roleSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[identity.State](), reflect.TypeFor[accountSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[identity.LetterState](), reflect.TypeFor[letterSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[identity.LetterKind](), reflect.TypeFor[letterKindSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[identity.MailAct](), reflect.TypeFor[mailActSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[identity.WordingKind](), reflect.TypeFor[wordingSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[identity.FactorKind](), reflect.TypeFor[factorSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[nomination.State](), reflect.TypeFor[stateSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[selection.PhaseState](), reflect.TypeFor[phaseStateSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[gateway.Form](), reflect.TypeFor[formSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[gateway.Order](), reflect.TypeFor[orderSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[gateway.File](), reflect.TypeFor[fileSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[reason.Reason](), reflect.TypeFor[reasonSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[gateway.Sheets](), reflect.TypeFor[sheetsSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[nomination.Unknown](), reflect.TypeFor[unknownSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[nomination.Having](), reflect.TypeFor[havingSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[nomination.Sort](), reflect.TypeFor[sortSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[job.State](), reflect.TypeFor[jobStateSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[nomination.Show](), reflect.TypeFor[showSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[nomination.VettingOrder](), reflect.TypeFor[docketSchema]())
}

// spellOut fills in what descriptions leave to constants: the values of texts
// that a service judges itself, with a fault of its own.
func (a *API) spellOut() {
	fill := strings.NewReplacer(
		"{phases}", or(rulebook.PhaseNames()...), "{ways}", or(identity.Ways()...),
		"{work}", "Only after the problem proof_of_work_wanted: the solution of its challenge, base64 of altcha's payload "+
			"{algorithm, challenge, number, salt, signature}, where SHA-256 of the salt and the number is the challenge",
		"{verdicts}", or(nomination.Pass, nomination.Fail), "{opinions}", or(nomination.Opinions()...), "{choices}", or(review.For, review.Against, review.Abstain),
		"{motions}", or(review.Kinds()...),
	)
	doc := a.huma.OpenAPI()
	for _, s := range doc.Components.Schemas.Map() {
		for _, property := range s.Properties {
			property.Description = fill.Replace(property.Description)
		}
	}
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Put, path.Delete} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				p.Description, p.Schema.Description = fill.Replace(p.Description), fill.Replace(p.Schema.Description)
			}
		}
	}
}

// or is "a, b or c".
func or(words ...string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// reasonSchema is of reasons, which have reasons among their parameters.
type reasonSchema struct{}

// Schema implements huma.SchemaProvider.
func (reasonSchema) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString}
	reasons := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Description: "Further reasons"}}
	param := &huma.Schema{Type: huma.TypeObject, Required: []string{"name", "unit"}, Properties: map[string]*huma.Schema{
		"name": text, "unit": text, "values": {Type: huma.TypeArray, Items: text}, "more": {Type: huma.TypeInteger}, "reasons": reasons,
	}}
	code := &huma.Schema{Type: huma.TypeObject, Required: []string{"code"}, Properties: map[string]*huma.Schema{
		"code": text, "params": {Type: huma.TypeArray, Items: param},
	}}
	return &huma.Schema{OneOf: []*huma.Schema{code, text}, Description: "A code with parameters; of results from before, a sentence in English"}
}
