package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
)

// A portrait is 480 by 640 pixels; the face is about the middle line.
const (
	width, height = 480, 640
	middle        = 240.0
)

// portrait is how somebody is painted: choices from the palettes.
type portrait struct {
	scene, uniform, skin, hair int
	woman                      bool
	hat                        int // none, cap, helmet
	glasses, ponytail, parcel  bool
	format                     string // .png or .jpeg
}

const (
	bareHead = iota
	softCap
	helmet
)

// scene is the land behind a person.
type scene struct{ sky, sun, far, near color.RGBA }

func scenes() []scene {
	return []scene{
		{rgb(0xFBE3C2), rgb(0xFFF4DF), rgb(0xE8B98A), rgb(0xCE9468)}, // loess at dawn
		{rgb(0xCFE6F2), rgb(0xF2FAFD), rgb(0x9FC3D6), rgb(0x7BA7BF)}, // snow mountains
		{rgb(0xD9EBD3), rgb(0xF5FBF0), rgb(0xA6CB9C), rgb(0x7FB077)}, // grassland
		{rgb(0xF6D9D0), rgb(0xFDF1EC), rgb(0xDBA497), rgb(0xC4857A)}, // red cliffs
		{rgb(0xE2DFF2), rgb(0xF7F5FD), rgb(0xB3ADD6), rgb(0x8F89BD)}, // evening
		{rgb(0xF8EDBF), rgb(0xFFFBE6), rgb(0xE5CF7B), rgb(0xCBB25B)}, // dunes
	}
}

func uniforms() []color.RGBA {
	return []color.RGBA{
		rgb(0x24508F), rgb(0x2E7D5B), rgb(0xD9622B), rgb(0xB8323B),
		rgb(0x3C4657), rgb(0xE0A11B), rgb(0x5B4A9C), rgb(0x1C8794),
	}
}

func skins() []color.RGBA {
	return []color.RGBA{rgb(0xF4CFAE), rgb(0xE9BC96), rgb(0xDBA67D), rgb(0xC98F67)}
}

func hairs() []color.RGBA {
	return []color.RGBA{rgb(0x23201F), rgb(0x33261F), rgb(0x1B1D24), rgb(0x4B4644)}
}

// pose decides how somebody is painted. Long years bring grey hair.
func pose(rng *rand.Rand, woman bool, years int) portrait {
	p := portrait{
		scene: rng.IntN(len(scenes())), uniform: rng.IntN(len(uniforms())),
		skin: rng.IntN(len(skins())), hair: rng.IntN(len(hairs()) - 1),
		woman: woman, hat: rng.IntN(3),
		glasses: rng.IntN(4) == 0, ponytail: rng.IntN(2) == 0, parcel: rng.IntN(3) > 0,
		format: []string{".png", ".jpeg"}[rng.IntN(2)],
	}
	if years > 13 {
		p.hair = len(hairs()) - 1
	}
	return p
}

// encode paints the portrait as a PNG or JPEG file.
func (p portrait) encode() ([]byte, error) {
	var out bytes.Buffer
	var err error
	if p.format == ".png" {
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		err = encoder.Encode(&out, p.paint())
	} else {
		err = jpeg.Encode(&out, p.paint(), &jpeg.Options{Quality: 82})
	}
	if err != nil {
		return nil, fmt.Errorf("portrait: %w", err)
	}
	return out.Bytes(), nil
}

func (p portrait) paint() image.Image {
	c := canvas{image.NewRGBA(image.Rect(0, 0, width, height))}
	skin, hair, uniform := skins()[p.skin], hairs()[p.hair], uniforms()[p.uniform]
	c.land(scenes()[p.scene])
	if p.woman {
		c.longHair(hair, p.ponytail)
	}
	c.body(uniform, skin)
	c.head(skin, hair, p.woman)
	c.face(skin, hair, p)
	switch p.hat {
	case softCap:
		c.cap(uniform)
	case helmet:
		c.helmet(mix(uniform, rgb(0xFFFFFF), 0.12))
	default:
		c.fringe(hair, p.woman)
	}
	if p.parcel {
		c.parcel()
	}
	return c.RGBA
}

func (c canvas) land(s scene) {
	draw.Draw(c, c.Bounds(), image.NewUniform(s.sky), image.Point{}, draw.Src)
	c.fill(oval(372, 120, 66, 66), s.sun)
	c.fill(blob(point{-120, 700}, point{-60, 400}, point{60, 300}, point{150, 372}, point{300, 290}, point{420, 380}, point{560, 330}, point{600, 700}), s.far)
	c.fill(blob(point{-120, 720}, point{-80, 470}, point{90, 430}, point{240, 480}, point{400, 420}, point{560, 470}, point{600, 720}), s.near)
}

// body is neck, jacket, collar, reflecting bands and a badge.
func (c canvas) body(uniform, skin color.RGBA) {
	dark, light := mix(uniform, rgb(0), 0.25), mix(uniform, rgb(0xFFFFFF), 0.78)
	shoulders := blob(point{52, 660}, point{70, 520}, point{140, 462}, point{240, 442}, point{340, 462}, point{410, 520}, point{428, 660}, point{240, 700})
	c.fill(shoulders, uniform)
	c.fill(outline{{118, 660}, {126, 560}, {134, 560}, {132, 660}}, dark) // inner sides of the sleeves
	c.fill(outline{{362, 660}, {354, 560}, {346, 560}, {348, 660}}, dark)
	c.fill(rectangle(133, 566, 214, 20), light)
	c.fill(rectangle(132, 598, 216, 20), light)
	c.fill(rectangle(237, 470, 6, 170), dark) // zip
	c.fill(rectangle(288, 520, 44, 28), rgb(0xFFFFFF))
	c.fill(rectangle(294, 527, 32, 5), uniform)
	c.fill(rectangle(294, 536, 22, 4), mix(uniform, rgb(0xFFFFFF), 0.5))
	c.fill(blob(point{200, 380}, point{280, 380}, point{284, 450}, point{240, 492}, point{196, 450}), mix(skin, rgb(0x7A3B1E), 0.18))
	collar := outline{{194, 436}, {172, 462}, {206, 508}, {240, 486}, {206, 462}}
	c.fill(collar, dark)
	c.fill(collar.mirrored(middle), dark)
}

func (c canvas) head(skin, hair color.RGBA, woman bool) {
	ear := oval(146, 300, 17, 26)
	c.fill(ear, mix(skin, rgb(0x7A3B1E), 0.12))
	c.fill(ear.mirrored(middle), mix(skin, rgb(0x7A3B1E), 0.12))
	jaw := 74.0
	if woman {
		jaw = 64
	}
	c.fill(blob(point{middle, 176}, point{middle + 82, 216}, point{middle + 93, 296}, point{middle + jaw, 376},
		point{middle, 414}, point{middle - jaw, 376}, point{middle - 93, 296}, point{middle - 82, 216}), skin)
	if !woman { // short sides
		side := outline{{146, 224}, {164, 222}, {160, 290}, {148, 286}}
		c.fill(side, hair)
		c.fill(side.mirrored(middle), hair)
	}
}

func (c canvas) longHair(hair color.RGBA, ponytail bool) {
	if ponytail {
		c.fill(blob(point{320, 220}, point{384, 270}, point{392, 380}, point{356, 452}, point{340, 360}), hair)
		c.fill(oval(middle, 270, 106, 116), hair)
		return
	}
	c.fill(blob(point{middle, 150}, point{340, 190}, point{366, 300}, point{372, 430}, point{330, 470},
		point{middle, 440}, point{150, 470}, point{108, 430}, point{114, 300}, point{140, 190}), hair)
}

func (c canvas) fringe(hair color.RGBA, woman bool) {
	if woman {
		side := blob(point{middle + 14, 172}, point{330, 210}, point{342, 310}, point{326, 316}, point{312, 256}, point{250, 214})
		c.fill(side, hair)
		c.fill(side.mirrored(middle), hair)
		return
	}
	c.fill(blob(
		point{146, 262}, point{144, 200}, point{190, 152}, point{272, 148}, point{334, 196},
		point{336, 262}, point{316, 232}, point{240, 218}, point{176, 232},
	), hair)
}

func (c canvas) face(skin, hair color.RGBA, p portrait) {
	blush := mix(skin, rgb(0xE0604C), 0.28)
	c.fill(oval(176, 342, 19, 11), blush)
	c.fill(oval(304, 342, 19, 11), blush)
	line := mix(hair, skin, 0.12)
	for _, x := range []float64{middle - 42, middle + 42} {
		c.fill(arc(point{x, 284}, 23, 14, 0.58, 0.92, 7), line)
		c.fill(oval(x, 302, 8.5, 10.5), rgb(0x2A2320))
		c.fill(oval(x+3, 298, 2.8, 3.2), rgb(0xFFFFFF))
		if p.woman {
			c.fill(arc(point{x, 304}, 13, 13, 0.55, 0.95, 3.5), rgb(0x2A2320))
		}
	}
	shade := mix(skin, rgb(0x7A3B1E), 0.32)
	c.fill(arc(point{middle, 330}, 11, 9, 0.08, 0.42, 4.5), shade)
	mouth := rgb(0xA34A41)
	c.fill(ellipse(point{middle, 360}, 31, 23, 0, 0.5), mouth)
	c.fill(ellipse(point{middle, 360}, 26, 10, 0, 0.5), rgb(0xFFFFFF))
	if p.glasses {
		frame := rgb(0x3A3A40)
		for _, x := range []float64{middle - 43, middle + 43} {
			c.fill(arc(point{x, 303}, 31, 26, 0, 1, 4.5), frame)
		}
		c.fill(rectangle(middle-12, 299, 24, 4.5), frame)
	}
}

func (c canvas) cap(uniform color.RGBA) {
	dark := mix(uniform, rgb(0), 0.3)
	c.fill(blob(point{134, 252}, point{138, 186}, point{186, 136}, point{294, 136}, point{342, 186}, point{346, 252}, point{240, 232}), uniform)
	c.fill(blob(point{136, 250}, point{180, 226}, point{300, 226}, point{344, 250}, point{330, 268}, point{240, 250}, point{150, 268}), dark)
	c.fill(oval(middle, 186, 24, 19), rgb(0xFFFFFF))
	c.fill(outline{{226, 194}, {240, 174}, {254, 194}, {240, 188}}, uniform)
}

func (c canvas) helmet(shell color.RGBA) {
	dark, light := mix(shell, rgb(0), 0.3), mix(shell, rgb(0xFFFFFF), 0.85)
	strap := outline{{146, 260}, {154, 258}, {196, 398}, {190, 404}}
	c.fill(strap, dark)
	c.fill(strap.mirrored(middle), dark)
	c.fill(ellipse(point{middle, 252}, 118, 134, 0.5, 1), shell)
	c.fill(outline{{222, 119}, {258, 119}, {264, 252}, {216, 252}}, light)
	c.fill(blob(point{116, 250}, point{150, 238}, point{330, 238}, point{364, 250}, point{352, 266}, point{240, 256}, point{128, 266}), dark)
	c.fill(blob(point{150, 200}, point{166, 160}, point{178, 156}, point{164, 204}), mix(shell, rgb(0xFFFFFF), 0.45))
}

// parcel is a box held before the chest, and the hand that holds it.
func (c canvas) parcel() {
	card := rgb(0xD8A768)
	c.fill(outline{{56, 566}, {206, 548}, {220, 640}, {56, 640}}, card)
	c.fill(outline{{56, 566}, {88, 540}, {226, 526}, {206, 548}}, mix(card, rgb(0xFFFFFF), 0.3))
	c.fill(outline{{206, 548}, {226, 526}, {240, 640}, {220, 640}}, mix(card, rgb(0), 0.22))
	c.fill(outline{{116, 559}, {144, 555}, {152, 640}, {122, 640}}, rgb(0xF1DFC0))
	c.fill(rectangle(164, 584, 34, 24), rgb(0xFFFFFF))
	c.fill(rectangle(168, 589, 24, 4), rgb(0x8A8A8A))
	c.fill(rectangle(168, 597, 16, 4), rgb(0x8A8A8A))
}
