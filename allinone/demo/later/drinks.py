"""More to drink: cold drinks, tea and coffee, and, new in the range, beer, wine and spirits."""

from allinone.demo.brands import CHASHANLI, GUOCHENGCHENG, HUTONG, QINGJIAN, QIPAODAO, YUNLING
from allinone.demo.goods import Department, Packed, packed_each
from allinone.demo.later.brands import (
    FENGQIAOPU,
    HEYU,
    JINGLUOJIAO,
    JUXIANG,
    PAOPAOXI,
    WUPENGDU,
    WUSHANJI,
    YANHUJI,
)

MORE_DRINKS = Department(
    "drinks",
    (
        *packed_each(
            "{}汽水",
            "{} soda",
            (
                ("橙味", "orange"),
                ("荔枝味", "lychee"),
                ("白桃味", "white peach", 105),
                ("盐渍菠萝味", "salted pineapple", 105),
                ("姜味", "ginger"),
            ),
            (PAOPAOXI, QIPAODAO),
            (("330 ml", 350), ("6 × 330 ml", 1890)),
        ),
        *packed_each(
            "{}汁",
            "{} juice",
            (
                ("葡萄", "grape"),
                ("水蜜桃", "peach"),
                ("番茄", "tomato", 90),
                ("西梅", "prune", 150),
                ("山楂", "hawthorn", 95),
                ("百香果", "passion fruit", 115),
                ("蓝莓", "blueberry", 140),
            ),
            (JUXIANG, GUOCHENGCHENG),
            (("300 ml", 790), ("1 L", 1990)),
        ),
        *packed_each(
            "{}茶饮",
            "{} tea drink",
            (
                ("无糖绿", "unsweetened green"),
                ("蜂蜜柚子", "honey pomelo", 110),
                ("桂花乌龙", "osmanthus oolong", 105),
                ("柠檬", "lemon"),
                ("普洱", "Pu'er", 110),
                ("大麦", "barley"),
            ),
            (QINGJIAN, PAOPAOXI),
            (("500 ml", 450), ("1 L", 750)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("燕麦奶", "oat drink", 150),
                ("杏仁露", "almond drink", 110),
                ("核桃乳", "walnut drink", 115),
                ("椰汁", "coconut drink"),
                ("玉米汁", "sweetcorn drink", 95),
            ),
            (HEYU, JUXIANG),
            (("245 ml", 590), ("1 L", 1790)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("气泡水", "sparkling water", 120),
                ("纯净水", "purified water", 60),
                ("电解质水", "electrolyte water", 160),
                ("维生素饮料", "vitamin drink", 170),
                ("能量饮料", "energy drink", 190),
            ),
            (PAOPAOXI, QINGJIAN),
            (("480 ml", 350), ("12 × 480 ml", 3690)),
        ),
    ),
)

MORE_TEA_AND_COFFEE = Department(
    "tea-and-coffee",
    (
        *packed_each(
            "{}",
            "{}",
            (
                ("碧螺春", "Biluochun green tea", 130),
                ("黄山毛峰", "Huangshan Maofeng green tea", 110),
                ("六安瓜片", "Lu'an Guapian green tea", 115),
                ("信阳毛尖", "Xinyang Maojian green tea", 105),
                ("安吉白茶", "Anji white-leaf green tea", 135),
                ("福鼎白茶", "Fuding white tea", 120),
                ("正山小种", "Zhengshan black tea", 105),
                ("祁门红茶", "Keemun black tea"),
                ("武夷大红袍", "Wuyi Dahongpao oolong tea", 140),
                ("凤凰单丛", "Phoenix Dancong oolong tea", 130),
                ("安化黑茶", "Anhua dark tea", 80),
            ),
            (WUSHANJI, CHASHANLI),
            (("50 g", 4490), ("100 g", 7990)),
        ),
        *packed_each(
            "{}咖啡豆",
            "{} coffee beans",
            (
                ("云南小粒", "Yunnan arabica"),
                ("埃塞俄比亚", "Ethiopia", 125),
                ("哥伦比亚", "Colombia", 110),
                ("巴西", "Brazil", 95),
                ("意式拼配", "espresso blend"),
            ),
            (YUNLING, JINGLUOJIAO),
            (("227 g", 4990), ("454 g", 8990)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("冻干咖啡", "freeze-dried coffee", 150),
                ("咖啡液", "coffee concentrate", 140),
                ("奶茶粉", "milk tea powder", 80),
                ("可可粉", "cocoa powder", 105),
                ("红糖姜茶", "brown sugar ginger tea", 75),
                ("玫瑰花茶", "rose tea"),
            ),
            (JINGLUOJIAO, WUSHANJI),
            (("120 g", 2990),),
        ),
    ),
)

WINE_AND_BEER = Department(
    "wine-and-beer",
    (
        *packed_each(
            "{}啤酒",
            "{} beer",
            (
                ("淡色拉格", "pale lager"),
                ("小麦", "wheat", 125),
                ("世涛", "stout", 150),
                ("IPA", "IPA", 160),
                ("零酒精", "alcohol-free", 105),
            ),
            (PAOPAOXI, JINGLUOJIAO),
            (("500 ml", 690), ("6 × 500 ml", 3690)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("贺兰山赤霞珠干红", "Helan Mountain Cabernet Sauvignon", 125),
                ("贺兰山霞多丽干白", "Helan Mountain Chardonnay", 120),
                ("蓬莱梅洛干红", "Penglai Merlot"),
                ("怀来马瑟兰干红", "Huailai Marselan", 130),
                ("吐鲁番甜白", "Turpan sweet white wine", 90),
                ("桃红", "rosé", 95),
            ),
            (YANHUJI, WUSHANJI),
            (("750 ml", 8990),),
        ),
        *packed_each(
            "{}黄酒",
            "{} rice wine",
            (
                ("三年陈绍兴", "three-year Shaoxing"),
                ("五年陈绍兴", "five-year Shaoxing", 150),
                ("桂花", "osmanthus", 110),
            ),
            (WUPENGDU, FENGQIAOPU),
            (("500 ml", 1990),),
        ),
        *packed_each(
            "{}白酒",
            "{} baijiu",
            (
                ("清香型", "light-aroma"),
                ("浓香型", "strong-aroma", 140),
                ("米香型", "rice-aroma", 75),
            ),
            (YANHUJI, WUPENGDU),
            (("500 ml", 8990),),
        ),
        *packed_each(
            "{}酒",
            "{} liqueur",
            (("青梅", "green plum"), ("荔枝", "lychee"), ("桑葚", "mulberry", 105)),
            (JUXIANG, HUTONG),
            (("330 ml", 2990),),
        ),
        Packed("酒酿", "fermented rice", (FENGQIAOPU, WUPENGDU), (("450 g", 990),)),
    ),
)
