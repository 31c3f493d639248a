package main

// terrain is what a story needs of the land it happens in.
type terrain string

const (
	anywhere terrain = ""
	city     terrain = "city"
	hill     terrain = "hill" // loess and mountain roads
	gobi     terrain = "gobi" // desert, wind and sand
	snow     terrain = "snow" // high grassland, long winters
)

// town is a county and one of its towns.
type town struct{ county, name string }

// region is one of the fourteen cities and prefectures of Gansu.
type region struct {
	name     string
	terrains []terrain
	towns    []town
}

func regions() []region {
	return []region{
		{"兰州市", []terrain{city, hill}, []town{
			{"榆中县", "马坡乡"}, {"安宁区", "沙井驿街道"}, {"永登县", "民乐乡"}, {"七里河区", "黄峪镇"}, {"城关区", "青白石街道"}, {"红古区", "窑街街道"},
		}},
		{"嘉峪关市", []terrain{gobi, city}, []town{{"嘉峪关市", "峪泉镇"}, {"嘉峪关市", "文殊镇"}, {"嘉峪关市", "新城镇"}}},
		{"金昌市", []terrain{gobi, city}, []town{{"永昌县", "红山窑镇"}, {"金川区", "双湾镇"}, {"永昌县", "新城子镇"}}},
		{"白银市", []terrain{hill, city}, []town{{"靖远县", "若笠乡"}, {"会宁县", "土高山乡"}, {"景泰县", "寺滩乡"}}},
		{"天水市", []terrain{hill, city}, []town{{"麦积区", "党川镇"}, {"秦安县", "王窑镇"}, {"武山县", "温泉镇"}, {"清水县", "山门镇"}}},
		{"武威市", []terrain{gobi, hill}, []town{{"民勤县", "红沙梁镇"}, {"古浪县", "黄羊川镇"}, {"凉州区", "张义镇"}}},
		{"张掖市", []terrain{snow, gobi}, []town{{"肃南县", "康乐镇"}, {"山丹县", "霍城镇"}, {"民乐县", "南古镇"}}},
		{"平凉市", []terrain{hill}, []town{{"庄浪县", "永宁镇"}, {"静宁县", "仁大镇"}, {"崆峒区", "峡门乡"}}},
		{"酒泉市", []terrain{gobi}, []town{{"敦煌市", "阳关镇"}, {"瓜州县", "锁阳城镇"}, {"玉门市", "昌马镇"}}},
		{"庆阳市", []terrain{hill}, []town{{"环县", "毛井镇"}, {"华池县", "南梁镇"}, {"镇原县", "方山乡"}}},
		{"定西市", []terrain{hill}, []town{{"通渭县", "华家岭镇"}, {"岷县", "闾井镇"}, {"漳县", "东泉乡"}}},
		{"陇南市", []terrain{hill}, []town{{"宕昌县", "狮子乡"}, {"文县", "碧口镇"}, {"礼县", "上坪乡"}}},
		{"临夏州", []terrain{hill}, []town{{"东乡县", "龙泉镇"}, {"和政县", "松鸣镇"}, {"积石山县", "居集镇"}}},
		{"甘南州", []terrain{snow}, []town{{"玛曲县", "欧拉镇"}, {"碌曲县", "郎木寺镇"}, {"卓尼县", "扎古录镇"}}},
	}
}
