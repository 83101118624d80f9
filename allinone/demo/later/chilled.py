"""More of what stands in the cold and beside the oven: dairy, eggs and tofu, bakery, frozen."""

from allinone.demo.brands import BINGHEWAN, DOUXIANG, HUTONG, LAOLONGTANG, MAIXIAOTIAN
from allinone.demo.goods import Department, packed_each
from allinone.demo.later.brands import (
    FENGQIAOPU,
    HEYU,
    MAIDUOER,
    NAIDUODUO,
    NUANZAO,
    QUESHI,
    XUEYUANLI,
    YUNDINGMU,
)

MORE_DAIRY = Department(
    "dairy",
    (
        *packed_each(
            "{}酸奶",
            "{} yogurt",
            (
                ("黄桃", "yellow peach"),
                ("蓝莓", "blueberry", 105),
                ("芒果", "mango"),
                ("燕麦", "oat"),
                ("椰子", "coconut", 105),
                ("老北京原味", "old Beijing plain", 95),
                ("无蔗糖", "no added sugar", 110),
            ),
            (YUNDINGMU, XUEYUANLI, NAIDUODUO),
            (("180 g", 590), ("8 × 100 g", 2390)),
        ),
        *packed_each(
            "{}牛奶",
            "{} milk",
            (
                ("高钙", "high-calcium"),
                ("零乳糖", "lactose-free", 120),
                ("有机", "organic", 150),
                ("脱脂", "skimmed", 95),
                ("娟姗", "Jersey", 160),
            ),
            (YUNDINGMU, XUEYUANLI),
            (("250 ml", 490), ("1 L", 1690)),
        ),
        *packed_each(
            "{}味牛奶饮品",
            "{} milk drink",
            (
                ("香蕉", "banana"),
                ("草莓", "strawberry"),
                ("巧克力", "chocolate", 105),
                ("核桃", "walnut", 110),
            ),
            (NAIDUODUO, XUEYUANLI),
            (("200 ml", 390), ("6 × 200 ml", 1990)),
        ),
        *packed_each(
            "{}奶酪",
            "{} cheese",
            (
                ("切达", "Cheddar"),
                ("高达", "Gouda", 105),
                ("帕玛森碎", "grated Parmesan", 150),
                ("布里", "Brie", 140),
                ("烟熏", "smoked", 110),
            ),
            (YUNDINGMU, QUESHI),
            (("200 g", 2590),),
        ),
        *packed_each(
            "{}布丁",
            "{} pudding",
            (("焦糖", "caramel"), ("芒果", "mango"), ("抹茶", "matcha", 110)),
            (NAIDUODUO, QUESHI),
            (("2 × 100 g", 990),),
        ),
    ),
)

MORE_EGGS_AND_TOFU = Department(
    "eggs-and-tofu",
    (
        *packed_each(
            "{}",
            "{}",
            (
                ("可生食鸡蛋", "eggs safe to eat raw", 130),
                ("谷物鸡蛋", "grain-fed eggs"),
                ("乌鸡蛋", "silkie eggs", 150),
                ("鲜鸭蛋", "fresh duck eggs", 125),
            ),
            (HEYU, FENGQIAOPU),
            (("8 pieces", 1490), ("15 pieces", 2590)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("内酯豆腐", "lactone tofu", 60),
                ("冻豆腐", "frozen tofu"),
                ("油豆腐", "fried tofu puffs", 110),
                ("香干", "smoked dried tofu"),
                ("烤麸", "wheat gluten", 115),
                ("豆皮", "tofu skin", 105),
                ("腐竹", "dried tofu sticks", 190),
                ("臭豆腐", "stinky tofu", 120),
            ),
            (DOUXIANG, FENGQIAOPU),
            (("300 g", 690),),
        ),
        *packed_each(
            "{}豆浆",
            "{} soy milk",
            (("黑豆", "black bean"), ("红枣", "jujube"), ("无糖", "unsweetened", 95)),
            (DOUXIANG, NUANZAO),
            (("300 ml", 490), ("1 L", 1190)),
        ),
    ),
)

MORE_BAKERY = Department(
    "bakery",
    (
        *packed_each(
            "{}吐司",
            "{} toast",
            (
                ("北海道牛奶", "Hokkaido milk", 115),
                ("葡萄干", "raisin"),
                ("紫米", "purple rice", 110),
                ("黑麦", "rye", 105),
            ),
            (MAIDUOER, MAIXIAOTIAN, HUTONG),
            (("360 g", 1390),),
        ),
        *packed_each(
            "{}包",
            "{} buns",
            (
                ("椰蓉", "coconut"),
                ("奶黄", "custard"),
                ("肉桂", "cinnamon", 110),
                ("蒜香", "garlic"),
                ("火腿芝士", "ham and cheese", 130),
                ("菠萝", "pineapple"),
                ("芝士贝果", "cheese bagel", 125),
            ),
            (MAIDUOER, HUTONG),
            (("4 pieces", 1290),),
        ),
        *packed_each(
            "{}蛋糕",
            "{} cake",
            (
                ("戚风", "chiffon"),
                ("提拉米苏", "tiramisu", 150),
                ("巴斯克芝士", "Basque cheese", 160),
                ("芒果千层", "mango layer", 155),
                ("黑森林", "Black Forest", 140),
                ("古早", "Taiwan sponge", 90),
            ),
            (MAIDUOER, QUESHI),
            (("150 g", 1990), ("450 g", 4990)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("绿豆饼", "mung bean pastries"),
                ("鲜花饼", "rose pastries", 130),
                ("老婆饼", "winter melon pastries"),
                ("桃酥", "walnut cookies", 85),
                ("蛋黄酥", "egg yolk pastries", 170),
                ("桂花糕", "osmanthus cakes", 95),
                ("定胜糕", "Dingsheng rice cakes", 90),
                ("沙琪玛", "sachima", 95),
                ("麻花", "fried dough twists", 85),
            ),
            (LAOLONGTANG, FENGQIAOPU),
            (("240 g", 1490), ("480 g", 2690)),
        ),
    ),
)

MORE_FROZEN = Department(
    "frozen",
    (
        *packed_each(
            "{}水饺",
            "{} dumplings",
            (
                ("三鲜", "three-delicacy", 115),
                ("牛肉大葱", "beef and scallion", 125),
                ("羊肉胡萝卜", "lamb and carrot", 130),
                ("玉米猪肉", "pork and sweetcorn"),
                ("荠菜猪肉", "pork and shepherd's purse"),
                ("虾仁", "prawn", 150),
                ("香菇素馅", "shiitake vegetarian", 90),
                ("鲅鱼", "mackerel", 145),
            ),
            (NUANZAO, FENGQIAOPU, BINGHEWAN),
            (("450 g", 1690), ("1 kg", 3290)),
        ),
        *packed_each(
            "{}馄饨",
            "{} wontons",
            (("鲜肉", "pork"), ("荠菜", "shepherd's purse"), ("三鲜", "three-delicacy", 115)),
            (NUANZAO, FENGQIAOPU),
            (("500 g", 1790),),
        ),
        *packed_each(
            "{}包子",
            "{} steamed buns",
            (
                ("鲜肉", "pork"),
                ("豆沙", "red bean paste", 85),
                ("梅干菜", "preserved mustard", 95),
                ("流沙", "salted egg custard", 130),
                ("香菇青菜", "shiitake and greens", 90),
            ),
            (NUANZAO, MAIDUOER),
            (("6 pieces", 1490), ("12 pieces", 2690)),
        ),
        *packed_each(
            "{}汤圆",
            "{} rice balls",
            (
                ("花生", "peanut"),
                ("豆沙", "red bean", 95),
                ("榴莲", "durian", 160),
                ("抹茶", "matcha", 120),
                ("酒酿小", "small fermented-rice", 85),
            ),
            (FENGQIAOPU, NUANZAO),
            (("400 g", 1390),),
        ),
        *packed_each(
            "{}冰淇淋",
            "{} ice cream",
            (
                ("巧克力", "chocolate"),
                ("草莓", "strawberry"),
                ("抹茶", "matcha", 110),
                ("朗姆葡萄", "rum and raisin", 115),
                ("海盐焦糖", "sea salt caramel", 115),
                ("芒果", "mango"),
                ("开心果", "pistachio", 140),
            ),
            (XUEYUANLI, QUESHI),
            (("90 g", 790), ("460 g", 3290)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("鸡块", "chicken nuggets"),
                ("鸡米花", "popcorn chicken"),
                ("春卷", "spring rolls", 90),
                ("藕盒", "stuffed lotus root", 110),
                ("葱油饼", "frozen scallion pancakes", 80),
                ("烧麦", "shaomai", 95),
                ("章鱼小丸子", "octopus balls", 130),
                ("薯饼", "hash browns", 85),
            ),
            (NUANZAO, BINGHEWAN),
            (("500 g", 1990),),
        ),
    ),
)
