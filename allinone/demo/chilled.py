"""What stands in the cold and beside the oven: dairy, eggs and tofu, bakery, frozen."""

from allinone.demo.brands import (
    BAITALING,
    BINGHEWAN,
    CHENYUAN,
    DOUXIANG,
    HUTONG,
    LAOLONGTANG,
    MAIXIAOTIAN,
    MUYUN,
    TIANYEJIA,
    XIAOLONGJI,
)
from allinone.demo.goods import Department, Packed

DAIRY = Department(
    "dairy",
    (
        Packed(
            "全脂鲜牛奶",
            "fresh whole milk",
            (MUYUN, CHENYUAN, BAITALING),
            (("250 ml", 490), ("950 ml", 1590)),
        ),
        Packed(
            "低脂鲜牛奶",
            "fresh low-fat milk",
            (MUYUN, CHENYUAN),
            (("250 ml", 490), ("950 ml", 1590)),
        ),
        Packed(
            "纯牛奶",
            "long-life milk",
            (MUYUN, CHENYUAN, BAITALING),
            (("250 ml", 390), ("12 × 250 ml", 4290)),
        ),
        Packed(
            "原味酸奶",
            "plain yogurt",
            (MUYUN, CHENYUAN, BAITALING),
            (("150 g", 490), ("900 g", 2190)),
        ),
        Packed(
            "草莓酸奶",
            "strawberry yogurt",
            (MUYUN, CHENYUAN),
            (("150 g", 520), ("4 × 100 g", 1290)),
        ),
        Packed("希腊酸奶", "Greek yogurt", (CHENYUAN, BAITALING), (("130 g", 790),)),
        Packed("黄油", "butter", (MUYUN, BAITALING), (("100 g", 1490), ("227 g", 2990))),
        Packed("奶油奶酪", "cream cheese", (BAITALING,), (("150 g", 1790), ("240 g", 2590))),
        Packed("马苏里拉奶酪", "mozzarella", (MUYUN, BAITALING), (("125 g", 1890),)),
        Packed("奶酪棒", "cheese sticks", (MUYUN, CHENYUAN), (("100 g", 1290), ("500 g", 4990))),
        Packed("淡奶油", "whipping cream", (MUYUN, BAITALING), (("250 ml", 1590), ("1 L", 4690))),
    ),
)

EGGS_AND_TOFU = Department(
    "eggs-and-tofu",
    (
        Packed(
            "鲜鸡蛋", "fresh eggs", (HUTONG, TIANYEJIA), (("10 pieces", 1290), ("30 pieces", 3490))
        ),
        Packed(
            "土鸡蛋", "free-range eggs", (TIANYEJIA,), (("10 pieces", 1890), ("20 pieces", 3590))
        ),
        Packed(
            "咸鸭蛋", "salted duck eggs", (TIANYEJIA,), (("6 pieces", 1290), ("10 pieces", 1990))
        ),
        Packed("皮蛋", "century eggs", (TIANYEJIA,), (("6 pieces", 1190), ("10 pieces", 1890))),
        Packed("鹌鹑蛋", "quail eggs", (HUTONG, TIANYEJIA), (("24 pieces", 1190),)),
        Packed("嫩豆腐", "silken tofu", (DOUXIANG, HUTONG), (("350 g", 290),)),
        Packed("老豆腐", "firm tofu", (DOUXIANG, HUTONG), (("400 g", 390),)),
        Packed("豆腐干", "dried tofu", (DOUXIANG,), (("200 g", 590), ("400 g", 990))),
        Packed("千张", "tofu sheets", (DOUXIANG, HUTONG), (("250 g", 590),)),
        Packed("鲜豆浆", "fresh soy milk", (DOUXIANG, HUTONG), (("300 ml", 390), ("1 L", 990))),
        Packed("素鸡", "tofu rolls", (DOUXIANG,), (("180 g", 490), ("300 g", 790))),
    ),
)

BAKERY = Department(
    "bakery",
    (
        Packed(
            "原味吐司",
            "white toast",
            (MAIXIAOTIAN, LAOLONGTANG, HUTONG),
            (("240 g", 890), ("400 g", 1290)),
        ),
        Packed(
            "全麦吐司", "wholemeal toast", (MAIXIAOTIAN, LAOLONGTANG, HUTONG), (("400 g", 1490),)
        ),
        Packed(
            "牛角包", "croissants", (MAIXIAOTIAN, HUTONG), (("2 pieces", 990), ("4 pieces", 1790))
        ),
        Packed("红豆面包", "red bean buns", (MAIXIAOTIAN, LAOLONGTANG), (("4 pieces", 1190),)),
        Packed("肉松面包", "pork floss buns", (MAIXIAOTIAN, LAOLONGTANG), (("2 pieces", 1090),)),
        Packed(
            "鲜肉月饼", "pork mooncakes", (LAOLONGTANG,), (("4 pieces", 1990), ("6 pieces", 2890))
        ),
        Packed(
            "蝴蝶酥",
            "butterfly pastries",
            (LAOLONGTANG, MAIXIAOTIAN),
            (("200 g", 1690), ("400 g", 2990)),
        ),
        Packed("葱油饼", "scallion pancakes", (LAOLONGTANG, HUTONG), (("5 pieces", 1290),)),
        Packed(
            "蛋挞", "egg tarts", (HUTONG, MAIXIAOTIAN), (("4 pieces", 1490), ("6 pieces", 2090))
        ),
        Packed("瑞士卷", "Swiss roll", (MAIXIAOTIAN, LAOLONGTANG), (("300 g", 1690),)),
        Packed("绿豆糕", "mung bean cakes", (LAOLONGTANG,), (("240 g", 1590), ("480 g", 2790))),
        Packed("法棍", "baguette", (HUTONG, MAIXIAOTIAN), (("250 g", 890),)),
        Packed("青团", "green rice dumplings", (LAOLONGTANG,), (("4 pieces", 1690),)),
    ),
)

FROZEN = Department(
    "frozen",
    (
        Packed(
            "猪肉白菜水饺",
            "pork and cabbage dumplings",
            (BINGHEWAN, XIAOLONGJI, HUTONG),
            (("500 g", 1690), ("1 kg", 2990)),
        ),
        Packed(
            "韭菜鸡蛋水饺",
            "chive and egg dumplings",
            (BINGHEWAN, XIAOLONGJI),
            (("500 g", 1590), ("1 kg", 2790)),
        ),
        Packed(
            "虾仁馄饨", "prawn wontons", (XIAOLONGJI, HUTONG), (("400 g", 1990), ("800 g", 3690))
        ),
        Packed(
            "小笼包",
            "soup dumplings",
            (XIAOLONGJI, HUTONG),
            (("300 g", 1590), ("600 g", 2890)),
        ),
        Packed(
            "黑芝麻汤圆",
            "black sesame rice balls",
            (BINGHEWAN, XIAOLONGJI, HUTONG),
            (("450 g", 1390),),
        ),
        Packed(
            "手抓饼",
            "flaky pancakes",
            (BINGHEWAN, HUTONG),
            (("5 pieces", 1190), ("10 pieces", 2190)),
        ),
        Packed("薯条", "French fries", (BINGHEWAN, HUTONG), (("500 g", 1290), ("1 kg", 2290))),
        Packed("鱼丸", "fish balls", (BINGHEWAN, XIAOLONGJI), (("400 g", 1890),)),
        Packed("牛肉丸", "beef balls", (BINGHEWAN, XIAOLONGJI), (("400 g", 2690),)),
        Packed("甜玉米粒", "sweetcorn", (BINGHEWAN, HUTONG), (("400 g", 990),)),
        Packed("香草冰淇淋", "vanilla ice cream", (BINGHEWAN,), (("90 g", 690), ("500 g", 2990))),
        Packed("红豆冰棍", "red bean ice lollies", (BINGHEWAN, HUTONG), (("5 pieces", 1190),)),
        Packed("青豆", "green peas", (HUTONG,), (("400 g", 890),)),
    ),
)
