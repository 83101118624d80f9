"""The makers of the later goods. All are invented."""

from allinone.demo.goods import Brand

HEYU = Brand("禾屿", "Heyu", "6900817", 104)
JUXIANG = Brand("橘巷", "Juxiang", "6911583")
LUXILI = Brand("鹿溪里", "Luxili", "69361490", 112)
MOSHANGCANG = Brand("陌上仓", "Moshangcang", "69418852", 94)
YANHUJI = Brand("砚湖记", "Yanhuji", "69207731")

QUESHI = Brand("雀石", "Queshi", "69153368", 108)
YUNDINGMU = Brand("云顶牧", "Yundingmu", "69640275", 110)
XUEYUANLI = Brand("雪原里", "Xueyuanli", "69783159", 97)
NAIDUODUO = Brand("奶朵朵", "Naiduoduo", "69330486")

FENGQIAOPU = Brand("枫桥铺", "Fengqiaopu", "69475520", 106)
NUANZAO = Brand("暖灶", "Nuanzao", "69598047")
MAIDUOER = Brand("麦朵儿", "Maiduo'er", "69261873", 98)
LANWANDAO = Brand("澜湾岛", "Lanwandao", "69687234", 107)

WUSHANJI = Brand("雾山记", "Wushanji", "69802416", 114)
WUPENGDU = Brand("乌篷渡", "Wupengdu", "69349958", 96)
LAJIEMEI = Brand("辣街妹", "Lajiemei", "69516640")
GULINCANG = Brand("谷邻仓", "Gulincang", "69234807", 95)
QINGZAOJIAO = Brand("青灶角", "Qingzaojiao", "69738129", 103)

YOUZIJIE = Brand("柚子街", "Youzijie", "69456381")
XINGPENGPENG = Brand("星蓬蓬", "Xingpengpeng", "69821703", 102)
SHATANGGUO = Brand("沙棠果", "Shatangguo", "69179254", 109)
JINGLUOJIAO = Brand("鲸落角", "Jingluojiao", "69607942", 105)
PAOPAOXI = Brand("泡泡溪", "Paopaoxi", "69564318", 93)

MIANSHENGHUO = Brand("棉声活", "Mianshenghuo", "69297065")
BAIQIAOLI = Brand("白桥里", "Baiqiaoli", "69743580", 98)
HUAXINJI = Brand("花信记", "Huaxinji", "69385127", 111)
TUANTUANYA = Brand("团团芽", "Tuantuanya", "69662093", 108)
MAOQIAOBIAN = Brand("毛桥边", "Maoqiaobian", "69440716")
ZAOFANGDENG = Brand("灶房灯", "Zaofangdeng", "69819362", 97)
