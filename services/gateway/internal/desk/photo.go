package desk

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
)

const (
	picturesAtOnce = 20 // that wait to be placed
	targetsAtOnce  = 50 // entries on which they may be placed
)

func (d *desk) mountPhotos() {
	d.section(app.SetPhoto, "photos", "desk.photos", d.photos)
	d.files(of+"/photos", "add", intake{app.SetPhoto, nomination.MaxPhotos, nomination.MaxPhotosSize, "513M"}, d.addPhotos)
	d.page(app.SetPhoto, of+"/photos/:picture/image", d.pictureImage)
	d.form(app.SetPhoto, of+"/photos", "place", d.placePhoto)
	d.form(app.SetPhoto, of+"/photos", "back", d.takePhotoBack)
}

// photosPage sends photos and places those that fit no entry.
type photosPage struct {
	Form     *Form
	Columns  []string // by which they may be matched
	Running  bool
	Waiting  int
	Percent  int
	Placed   int
	Without  int
	Pictures []pictureCard
	Targets  []Option // entries without a photo
	Text     string   // by which they were searched
	Pager    Pager
	Place    string
}

// pictureCard is a photo that wants to be looked at.
type pictureCard struct {
	ID, Name, Image string
	Unplaced        bool
	Told            []Text
	Entry           string // address, where it is placed
}

func photosForm(at *place, columns []string) *Form {
	by := Field{Name: "by", Kind: "select", Label: at.T("desk.photos.by"), Hint: at.T("desk.photos.by.hint"), Value: string(nomination.ByName), Options: []Option{
		{Value: string(nomination.ByName), Text: at.label("name")}, {Value: string(nomination.ByNumber), Text: at.T("desk.photos.number")},
	}}
	for _, name := range columns {
		by.Options = append(by.Options, Option{Value: name, Text: name})
	}
	return &Form{Action: at.Path("photos", "add"), Button: at.T("desk.photos.add"), Files: true, Fields: []Field{
		{Name: "files", Kind: "file", Label: at.T("desk.photos.files"), Hint: at.T("desk.photos.files.hint",
			"files", nomination.MaxPhotos, "all", nomination.MaxPhotosSize>>20, "one", app.MaxPhoto>>20, "unpacked", nomination.MaxUnpacked>>30)}, by,
	}}
}

func (d *desk) photos(c echo.Context, at *place) error {
	return d.showPhotos(c, at, http.StatusOK, nil, nil)
}

// showPhotos shows the page; refuse says what is wrong with its form.
func (d *desk) showPhotos(c echo.Context, at *place, status int, typed url.Values, refuse error) error {
	ctx := c.Request().Context()
	found, err := d.app.Photos(ctx, nomination.ListPhotos{Slug: at.Slug, Page: pageOf(c), Limit: picturesAtOnce})
	if err != nil {
		return err
	}
	entries, err := d.app.FindEntries(ctx, nomination.FindEntries{
		Slug: at.Slug, State: nomination.Submitted, Text: c.QueryParam("q"), Photo: without(c.QueryParam("q")), Sort: nomination.SortName, Limit: targetsAtOnce,
	})
	if err != nil {
		return err
	}
	data := photosPage{
		Form: photosForm(at, found.Columns), Waiting: found.Counts[nomination.PictureWaiting], Placed: found.Counts[nomination.PicturePlaced],
		Without: found.NoPicture, Text: c.QueryParam("q"), Pager: pager(c, found.Total, picturesAtOnce), Place: at.Path("photos", "place"),
	}
	if data.Running = data.Waiting > 0; data.Running {
		if len(found.Pictures) == 0 { // whoever is placing one is not disturbed
			c.Response().Header().Set("Refresh", refresh)
		}
		if found.Job != nil {
			data.Percent = percentOf(found.Job.Done, found.Job.Total)
		}
	}
	for _, e := range entries.Entries {
		data.Targets = append(data.Targets, Option{Value: e.ID, Text: e.Nominee.Name + " · " + e.Nominee.Employer})
	}
	for _, p := range found.Pictures {
		card := pictureCard{ID: p.ID, Name: p.Name, Unplaced: p.State == nomination.PictureUnplaced}
		if p.Photo != "" {
			card.Image = at.Path("photos", p.ID, "image")
		}
		if p.Why != nil {
			card.Told = append(card.Told, at.Field(*p.Why))
		}
		for _, w := range p.Warnings {
			card.Told = append(card.Told, at.warning(w))
		}
		if p.Entry != "" {
			card.Entry = at.Path("entries", p.Entry)
		}
		data.Pictures = append(data.Pictures, card)
	}
	show := func(status int) error {
		return d.render(c, at, web.Page{Name: "photos", Status: status, Title: at.T("desk.photos"), Data: data})
	}
	if refuse != nil {
		known := fault.From(refuse)
		var own []fault.Field
		for _, f := range known.Fields {
			if data.Form.Field(f.Name).Label != "" {
				own = append(own, f)
				continue
			}
			told := at.Field(f) // of one of the files
			data.Form.Wrong = append(data.Form.Wrong, Text{Text: f.Name + ": " + told.Text, Lang: told.Lang})
		}
		return d.again(c, at, data.Form, typed, known.At(own...), show)
	}
	return show(status)
}

// without asks for entries that have no photo, unless somebody is looked for.
func without(text string) nomination.Having {
	if text != "" {
		return ""
	}
	return nomination.Without
}

func (d *desk) addPhotos(c echo.Context, at *place, typed url.Values, files *app.Intake) error {
	_, err := d.app.AddPhotos(c.Request().Context(), at.Slug, nomination.By(typed.Get("by")), files)
	if err != nil {
		return d.showPhotos(c, at, http.StatusOK, typed, err)
	}
	return d.done(c, at.Path("photos"), at.T("desk.photos.came"), nil)
}

func (d *desk) placePhoto(c echo.Context, at *place, typed url.Values) error {
	in := nomination.PlacePhoto{Slug: at.Slug, Picture: typed.Get("picture"), Entry: typed.Get("entry")}
	said := "desk.photos.placed"
	switch {
	case typed.Get("away") != "":
		in.Entry, said = "", "desk.photos.away.done"
	case in.Entry == "":
		return d.showPhotos(c, at, http.StatusOK, typed, nomination.ErrPhotos.At(fault.Required(at.T("desk.photos.entry"))))
	}
	p, err := d.app.PlacePhoto(c.Request().Context(), in)
	if err != nil {
		return d.showPhotos(c, at, http.StatusOK, typed, err)
	}
	var back *undo
	if p.Entry == "" || in.Entry != "" { // not of one that stays with its entry
		back = &undo{Action: at.Path("photos", "back"), Values: map[string]string{"picture": in.Picture}}
	}
	return d.done(c, at.Path("photos"), at.T(said, "file", p.Name), back)
}

func (d *desk) takePhotoBack(c echo.Context, at *place, typed url.Values) error {
	p, err := d.app.TakePhotoBack(c.Request().Context(), nomination.OfPicture{Slug: at.Slug, Picture: typed.Get("picture")})
	if err != nil {
		return d.showPhotos(c, at, http.StatusOK, typed, err)
	}
	return d.done(c, at.Path("photos"), at.T("desk.photos.back", "file", p.Name), nil)
}

func (d *desk) pictureImage(c echo.Context, at *place) error {
	body, _, err := d.app.Picture(c.Request().Context(), nomination.OfPicture{Slug: at.Slug, Picture: c.Param("picture")})
	if err != nil {
		return err
	}
	return picture(c, body)
}
