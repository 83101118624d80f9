"""What keeps: grains and oil, seasonings, snacks, drinks, tea and coffee."""

from allinone.demo.brands import (
    CHASHANLI,
    CHUANXIAOJIAO,
    GUOCHENGCHENG,
    GUORANCUI,
    HEITUYUAN,
    HUTONG,
    JIANGNAN,
    JINSUICANG,
    LEJIAO,
    QINGJIAN,
    QIPAODAO,
    TANGXINWU,
    WEIMANYUAN,
    YUNLING,
)
from allinone.demo.goods import Department, Packed, Weighed

GRAINS_AND_OIL = Department(
    "grains-and-oil",
    (
        Weighed("散装泰国香米", "loose Thai fragrant rice", 1180),
        Weighed("散装绿豆", "loose mung beans", 1380),
        Weighed("散装赤豆", "loose adzuki beans", 1580),
        Weighed("散装薏米", "loose Job's tears", 1780),
        Packed(
            "东北大米",
            "northeastern rice",
            (JINSUICANG, HEITUYUAN, HUTONG),
            (("2.5 kg", 2290), ("5 kg", 4290), ("10 kg", 7990)),
        ),
        Packed(
            "糯米", "glutinous rice", (JINSUICANG, HEITUYUAN), (("1 kg", 1190), ("2.5 kg", 2690))
        ),
        Packed("黄小米", "millet", (HEITUYUAN, HUTONG), (("1 kg", 1490), ("2.5 kg", 3390))),
        Packed("中筋面粉", "plain flour", (JINSUICANG, HUTONG), (("1 kg", 790), ("2.5 kg", 1690))),
        Packed("挂面", "dried noodles", (JINSUICANG, HUTONG), (("500 g", 590), ("1 kg", 1090))),
        Packed("花生油", "peanut oil", (JINSUICANG,), (("1.8 L", 5490), ("5 L", 13990))),
        Packed("菜籽油", "rapeseed oil", (JINSUICANG, HEITUYUAN), (("1.8 L", 3690), ("5 L", 8990))),
        Packed("玉米油", "corn oil", (JINSUICANG,), (("1.8 L", 3490), ("4 L", 6990))),
        Packed(
            "特级初榨橄榄油",
            "extra virgin olive oil",
            (JINSUICANG,),
            (("500 ml", 6990), ("1 L", 12990)),
        ),
        Packed("燕麦片", "rolled oats", (JINSUICANG, HEITUYUAN, HUTONG), (("1 kg", 1890),)),
    ),
)

SEASONINGS = Department(
    "seasonings",
    (
        Packed(
            "生抽", "light soy sauce", (WEIMANYUAN, JIANGNAN), (("500 ml", 990), ("1.9 L", 2490))
        ),
        Packed(
            "老抽", "dark soy sauce", (WEIMANYUAN, JIANGNAN), (("500 ml", 1090), ("1.9 L", 2690))
        ),
        Packed("米醋", "rice vinegar", (WEIMANYUAN, JIANGNAN), (("500 ml", 690),)),
        Packed("香醋", "black vinegar", (JIANGNAN,), (("500 ml", 990), ("1 L", 1690))),
        Packed("料酒", "cooking wine", (WEIMANYUAN, JIANGNAN), (("500 ml", 690), ("1 L", 1190))),
        Packed("蚝油", "oyster sauce", (WEIMANYUAN, JIANGNAN), (("510 g", 990), ("710 g", 1290))),
        Packed("豆瓣酱", "chilli bean paste", (CHUANXIAOJIAO,), (("500 g", 1290), ("1 kg", 2190))),
        Packed(
            "火锅底料",
            "hotpot base",
            (CHUANXIAOJIAO, WEIMANYUAN),
            (("200 g", 1290), ("500 g", 2590)),
        ),
        Packed("油泼辣子", "chilli oil", (CHUANXIAOJIAO,), (("210 g", 1190), ("280 g", 1490))),
        Packed("花椒", "Sichuan pepper", (CHUANXIAOJIAO,), (("50 g", 990), ("100 g", 1790))),
        Packed("精制盐", "table salt", (WEIMANYUAN, JIANGNAN), (("400 g", 250),)),
        Packed("白砂糖", "white sugar", (WEIMANYUAN, JIANGNAN), (("500 g", 590), ("1 kg", 1090))),
        Packed("黄冰糖", "yellow rock sugar", (JIANGNAN,), (("400 g", 790), ("1 kg", 1690))),
        Packed("芝麻油", "sesame oil", (WEIMANYUAN, JIANGNAN), (("220 ml", 1690),)),
        Packed("芝麻酱", "sesame paste", (WEIMANYUAN,), (("200 g", 1090), ("350 g", 1690))),
    ),
)

SNACKS = Department(
    "snacks",
    (
        Packed("原味薯片", "salted crisps", (LEJIAO, GUORANCUI), (("75 g", 690), ("135 g", 1090))),
        Packed(
            "黄瓜味薯片", "cucumber crisps", (LEJIAO, GUORANCUI), (("75 g", 690), ("135 g", 1090))
        ),
        Packed(
            "番茄味薯片", "tomato crisps", (LEJIAO, GUORANCUI), (("75 g", 690), ("135 g", 1090))
        ),
        Packed("虾条", "prawn crackers", (LEJIAO,), (("80 g", 590), ("150 g", 990))),
        Packed("海苔", "roasted seaweed", (LEJIAO, GUORANCUI), (("20 g", 990), ("50 g", 1990))),
        Packed("苏打饼干", "soda crackers", (LEJIAO, TANGXINWU), (("300 g", 1190),)),
        Packed(
            "夹心饼干", "sandwich biscuits", (LEJIAO, TANGXINWU), (("130 g", 690), ("390 g", 1690))
        ),
        Packed("黑巧克力", "dark chocolate", (TANGXINWU,), (("80 g", 1590), ("160 g", 2890))),
        Packed("牛奶巧克力", "milk chocolate", (TANGXINWU,), (("80 g", 1390), ("160 g", 2590))),
        Packed("奶糖", "milk toffees", (TANGXINWU, LEJIAO), (("200 g", 1290), ("450 g", 2490))),
        Packed("葵花籽", "sunflower seeds", (GUORANCUI, LEJIAO), (("150 g", 690), ("300 g", 1190))),
        Packed("开心果", "pistachios", (GUORANCUI,), (("100 g", 1990), ("250 g", 4490))),
        Packed("腰果", "cashews", (GUORANCUI,), (("100 g", 1690), ("250 g", 3790))),
        Packed(
            "每日坚果", "daily mixed nuts", (GUORANCUI,), (("7 × 25 g", 2990), ("30 × 25 g", 9990))
        ),
        Packed("和田红枣", "Hotan jujubes", (GUORANCUI,), (("250 g", 1490), ("500 g", 2690))),
        Packed("吐鲁番葡萄干", "Turpan raisins", (GUORANCUI,), (("250 g", 1290), ("500 g", 2290))),
        Packed("牛肉干", "beef jerky", (LEJIAO,), (("50 g", 1590), ("100 g", 2890))),
    ),
)

DRINKS = Department(
    "drinks",
    (
        Packed(
            "天然矿泉水",
            "mineral water",
            (QINGJIAN, HUTONG),
            (("550 ml", 200), ("12 × 550 ml", 1990), ("5 L", 990)),
        ),
        Packed(
            "苏打水", "soda water", (QIPAODAO, QINGJIAN), (("330 ml", 350), ("6 × 330 ml", 1890))
        ),
        Packed("可乐", "cola", (QIPAODAO,), (("330 ml", 290), ("500 ml", 350), ("2 L", 790))),
        Packed(
            "无糖可乐",
            "sugar-free cola",
            (QIPAODAO,),
            (("330 ml", 290), ("500 ml", 350), ("2 L", 790)),
        ),
        Packed(
            "柠檬汽水", "lemon soda", (QIPAODAO, GUOCHENGCHENG), (("330 ml", 290), ("1.25 L", 690))
        ),
        Packed("橙汁", "orange juice", (GUOCHENGCHENG, HUTONG), (("300 ml", 790), ("1 L", 1990))),
        Packed("苹果汁", "apple juice", (GUOCHENGCHENG, HUTONG), (("300 ml", 690), ("1 L", 1790))),
        Packed("椰子水", "coconut water", (GUOCHENGCHENG,), (("330 ml", 790), ("1 L", 1990))),
        Packed(
            "冰红茶", "iced black tea", (QINGJIAN, GUOCHENGCHENG), (("500 ml", 350), ("1 L", 590))
        ),
        Packed(
            "无糖乌龙茶饮",
            "unsweetened oolong tea drink",
            (QINGJIAN, HUTONG),
            (("500 ml", 490), ("900 ml", 790)),
        ),
        Packed("茉莉花茶饮", "jasmine tea drink", (QINGJIAN,), (("500 ml", 450), ("900 ml", 750))),
        Packed("运动饮料", "sports drink", (QIPAODAO,), (("500 ml", 490), ("6 × 500 ml", 2690))),
        Packed("酸梅汤", "sour plum drink", (GUOCHENGCHENG,), (("450 ml", 490), ("1 L", 890))),
    ),
)

TEA_AND_COFFEE = Department(
    "tea-and-coffee",
    (
        Packed(
            "龙井茶", "Longjing green tea", (CHASHANLI, HUTONG), (("50 g", 5990), ("100 g", 10990))
        ),
        Packed(
            "铁观音",
            "Tieguanyin oolong tea",
            (CHASHANLI, HUTONG),
            (("125 g", 4990), ("250 g", 8990)),
        ),
        Packed("普洱熟茶", "ripe Pu'er tea", (CHASHANLI,), (("100 g", 3990), ("357 g", 11990))),
        Packed("茉莉花茶", "jasmine tea", (CHASHANLI, HUTONG), (("100 g", 2990), ("250 g", 6490))),
        Packed("红茶", "black tea", (CHASHANLI, HUTONG), (("100 g", 3490), ("200 g", 6290))),
        Packed("速溶咖啡", "instant coffee", (YUNLING,), (("90 g", 3990), ("200 g", 7490))),
        Packed("挂耳咖啡", "drip-bag coffee", (YUNLING, HUTONG), (("10 × 10 g", 3290),)),
        Packed("咖啡豆", "coffee beans", (YUNLING, HUTONG), (("250 g", 4590), ("500 g", 7990))),
        Packed("菊花茶", "chrysanthemum tea", (CHASHANLI,), (("50 g", 1890), ("100 g", 3290))),
    ),
)
