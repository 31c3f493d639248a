package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/print"
	"github.com/laurel-awards/laurel/services/identity"
)

const (
	mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	mediaHTML = "text/html"
	mediaAge  = "application/octet-stream"
)

type rosterInput struct {
	InSelection
	Sheet string `query:"sheet" maxLength:"100" doc:"Sheet of the workbook, where several name the columns"`
	Upload
}

type codesInput struct {
	InSelection
	Reached
	Body gateway.ExportCodes
}

func (a *API) rosterRoutes() {
	const roster = "/selections/{slug}/roster"
	serve(a, route{
		act: app.ImportRoster, at: "POST " + roster + "/import", body: app.MaxImport,
		summary: "Import members from CSV or XLSX (member[,name][,constituency][,email]), all or nothing; who is there stays as they are",
	},
		func(ctx context.Context, in *rosterInput) (identity.RosterImported, error) {
			file, err := in.file()
			if err != nil {
				return identity.RosterImported{}, err
			}
			imported, err := a.app.ImportRoster(ctx, in.Slug, in.Sheet, file)
			return imported, called(err, "blob", "body")
		})
	serve(a, route{act: app.ReadRoster, at: "GET " + roster, summary: "A roster in figures"},
		func(ctx context.Context, in *InSelection) (identity.Roster, error) { return a.app.Roster(ctx, in.Slug) })
	register(a, route{
		act: app.ExportCodes, at: "POST " + roster + "/codes", summary: "Make the members' codes and hand them out, this once",
		media: mediaXLSX + "," + mediaHTML + "," + mediaAge,
	}, a.exportCodes)
	serve(a, route{
		act: app.MailCodes, at: "POST " + roster + "/codes/mail",
		summary: "Send codes by mail, which no organizer reads: to all members with an address who have none, or to one again",
	},
		func(ctx context.Context, in *about[gateway.MailCodes]) (identity.CodesMailed, error) {
			return a.app.MailCodes(ctx, identity.MailCodes{Slug: in.Slug, Member: in.Body.Member, Email: in.Body.Email, Reason: in.Body.Reason})
		})
	serve(a, route{
		act: app.ReplaceCode, at: "POST " + roster + "/codes/replace",
		summary: "Give one member a new code; the one before is good no more, nor what was issued for it",
	},
		func(ctx context.Context, in *about[gateway.ReplaceCode]) (gateway.CodeReplaced, error) {
			return a.app.ReplaceCode(ctx, identity.ReplaceCode{Slug: in.Slug, Member: in.Body.Member, Reason: in.Body.Reason})
		})
}

// exportCodes hands codes out in the body of the answer.
func (a *API) exportCodes(ctx context.Context, in *codesInput) (*huma.StreamResponse, error) {
	codes, err := a.app.ExportCodes(ctx, in.Slug, in.Body.Format, in.Body.Reason)
	if errors.Is(err, identity.ErrCodesTooMany) {
		err = named(err, "format")
	}
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		ending := string(in.Body.Format)
		if in.Body.Format == gateway.FormSealed {
			ending = "age"
		}
		name := fmt.Sprintf("%s-codes-%d.%s", in.Slug, codes.Export, ending)
		out.SetHeader(gateway.CodesLeft, strconv.Itoa(codes.Left))
		out.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		out.SetHeader(gateway.CodesInForce, strconv.FormatBool(codes.InForce))
		if err := a.writeCodes(out, in, codes); err != nil {
			a.cfg.Log.WarnContext(ctx, "codes broken off", "slug", in.Slug, "export", codes.Export, "error", err)
		}
	}}, nil
}

func (a *API) writeCodes(out huma.Context, in *codesInput, codes app.Codes) error {
	address := a.address(in.Reached) + "/s/" + in.Slug
	if in.Body.Format == gateway.FormSealed {
		out.SetHeader("Content-Type", mediaAge)
		_, err := out.BodyWriter().Write(codes.Sealed)
		return err
	}
	if in.Body.Format == gateway.FormHTML {
		out.SetHeader("Content-Type", mediaHTML+"; charset=utf-8")
		return print.WriteSlips(out.BodyWriter(), in.Body.Language, print.Slips{Title: codes.Title, Address: address, Codes: codes.Coded})
	}
	out.SetHeader("Content-Type", mediaXLSX)
	return print.WriteCodes(out.BodyWriter(), address, codes.Coded)
}
