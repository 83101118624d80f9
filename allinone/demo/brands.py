"""The makers of the demo's goods. All are invented."""

from allinone.demo.goods import Brand

HUTONG = Brand("胡同优选", "Hutong Select", "6901736", 92)

MUYUN = Brand("牧云", "Muyun", "6907412")
CHENYUAN = Brand("晨原", "Chenyuan", "6913058", 95)
BAITALING = Brand("白塔岭", "Baitaling", "69402815", 118)
TIANYEJIA = Brand("田野家", "Tianyejia", "69531704")
DOUXIANG = Brand("豆巷", "Douxiang", "69372046")
MAIXIAOTIAN = Brand("麦小田", "Maixiaotian", "69481933")
LAOLONGTANG = Brand("老弄堂", "Laolongtang", "6902967", 105)
BINGHEWAN = Brand("冰河湾", "Binghewan", "69245510")
XIAOLONGJI = Brand("小笼记", "Xiaolongji", "69710382", 108)
ROULIANFANG = Brand("肉联坊", "Roulianfang", "69360278")
HAIDONG = Brand("海东渔", "Haidongyu", "69557143")

JINSUICANG = Brand("金穗仓", "Jinsuicang", "6910824")
HEITUYUAN = Brand("黑土原", "Heituyuan", "69434067", 110)
WEIMANYUAN = Brand("味满园", "Weimanyuan", "6905271")
JIANGNAN = Brand("江南酱坊", "Jiangnan Sauce House", "69328841", 106)
CHUANXIAOJIAO = Brand("川小椒", "Chuanxiaojiao", "69615529")
LEJIAO = Brand("乐嚼", "Lejiao", "69223906")
GUORANCUI = Brand("果然脆", "Guorancui", "69780415", 112)
TANGXINWU = Brand("糖心屋", "Tangxinwu", "69540638")
QINGJIAN = Brand("清涧", "Qingjian", "6918193")
QIPAODAO = Brand("气泡岛", "Qipaodao", "69660724", 104)
GUOCHENGCHENG = Brand("果橙橙", "Guochengcheng", "69304952")
CHASHANLI = Brand("茶山里", "Chashanli", "69521187", 115)
YUNLING = Brand("云岭", "Yunling", "69871240")

JINGZHIJIA = Brand("净之家", "Jingzhijia", "6914366")
JIEBAILU = Brand("洁白鹭", "Jiebailu", "69280571", 96)
CHENJIANLU = Brand("晨间露", "Chenjianlu", "69410993")
CHIJIAN = Brand("齿间", "Chijian", "69698205")
