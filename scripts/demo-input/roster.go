package main

import "strings"

// person is who is invented by hand: who they are and where they work. Names
// and companies are invented; the quotas of the rulebook are made to matter:
// Lanzhou has more candidates than its 40 % of the seats, and some employers
// have more than two.
type person struct {
	name, gender, category, employer, region string
}

const (
	courier = "快递员"
	sorter  = "分拣员"
	driver  = "运输驾驶员"
	manager = "网点负责人"
)

// twin is typed a second time, differently, by another recommending body.
const (
	twinName     = "马晓燕"
	twinEmployer = "陇运速递有限公司临夏营业部"
)

// roster is region, employer, then name and gender; a category follows where
// it is not a courier.
const roster = `
兰州市 陇运速递兰州安宁营业部 王强男 李娜女 赵文斌男 陈晓霞女 杨建国男/网点负责人
兰州市 陇运速递兰州分拨中心 周雪梅女/分拣员 苏鹏飞男/分拣员 韩志远男/运输驾驶员 何静女/分拣员
兰州市 金城迅递城关营业部 刘宏伟男 孙丽萍女 魏东升男 郭婷女/网点负责人
兰州市 驼铃快运兰州七里河营业部 张永红男 冯小军男 祁秀兰女
兰州市 陇雁速达榆中网点 金玉龙男
兰州市 河声快递永登网点 保国栋男
嘉峪关市 雄关速达嘉峪关营业部 高磊男 潘春燕女
嘉峪关市 驼铃快运嘉峪关网点 段志刚男
金昌市 镍都快运金昌营业部 李国庆男 罗敏女/分拣员
金昌市 陇运速递永昌网点 毛得草男
白银市 铜城速递白银营业部 滕海涛男 曾凡荣男/运输驾驶员
白银市 河声快递靖远网点 万彩云女
天水市 麦积速达天水营业部 汪建平男 蒲亚楠女 雷振华男/网点负责人
天水市 陇运速递秦州营业部 郑旭东男
武威市 驼铃快运武威分拨中心 徐兴邦男/分拣员 俞洁女/分拣员
武威市 石羊河速递凉州营业部 许忠义男
张掖市 甘泉速达张掖营业部 宋立新男 闫红霞女
张掖市 陇运速递肃南网点 安雪峰男
平凉市 崆峒快运平凉营业部 柳万里男/运输驾驶员 吕桂芳女
平凉市 金城迅递静宁网点 李旺财男
酒泉市 陇运速递敦煌营业部 唐伟男 吴佳怡女
酒泉市 驼铃快运玉门网点 殷学武男/运输驾驶员 茹永胜男
庆阳市 环江速递庆阳营业部 慕天宇男 贺玉琴女/网点负责人
庆阳市 陇运速递环县网点 黄世平男
定西市 洮河速达定西营业部 牛志勇男 包巧玲女
定西市 陇雁速达岷县网点 后永福男/运输驾驶员
陇南市 白龙江快运武都营业部 尹朝阳男 蹇小红女
陇南市 陇运速递宕昌网点 杨满仓男/网点负责人
临夏州 陇运速递临夏营业部 马晓燕女 马文海男
临夏州 河声快递东乡网点 马尔沙男/网点负责人
甘南州 雪域速递合作营业部 才让扎西男 卓玛草女
甘南州 陇运速递玛曲网点 贡布东珠男
`

// people reads the roster; the twin is among them, far from her first row.
func people() []person {
	var all []person
	for line := range strings.Lines(strings.TrimSpace(roster)) {
		words := strings.Fields(line)
		for _, word := range words[2:] {
			name, category, given := strings.Cut(word, "/")
			if !given {
				category = courier
			}
			runes := []rune(name)
			last := len(runes) - 1
			all = append(all, person{string(runes[:last]), string(runes[last]), category, words[1], words[0]})
		}
	}
	return append(all, person{twinName, "女", courier, twinEmployer, "临夏州"})
}
