"""More that is not eaten, and what is new in the range: ready meals, babies, pets, flowers."""

from allinone.demo.brands import CHENJIANLU, CHIJIAN, HUTONG, JIEBAILU, JINGZHIJIA
from allinone.demo.goods import Department, Packed, packed_each
from allinone.demo.later.brands import (
    BAIQIAOLI,
    FENGQIAOPU,
    HEYU,
    HUAXINJI,
    LAJIEMEI,
    MAOQIAOBIAN,
    MIANSHENGHUO,
    NUANZAO,
    TUANTUANYA,
    ZAOFANGDENG,
)

MORE_HOUSEHOLD = Department(
    "household",
    (
        *packed_each(
            "{}洗衣液",
            "{} laundry detergent",
            (
                ("薰衣草香", "lavender"),
                ("樱花香", "cherry blossom", 105),
                ("除菌", "antibacterial", 120),
                ("无香", "unscented"),
            ),
            (BAIQIAOLI, JINGZHIJIA),
            (("2 kg", 2990), ("4 kg", 4990)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("柔顺剂", "fabric softener", 115),
                ("地板清洁剂", "floor cleaner"),
                ("油污净", "kitchen degreaser", 95),
                ("玻璃水", "glass cleaner", 75),
                ("除菌喷雾", "antibacterial spray", 125),
                ("管道疏通剂", "drain cleaner", 90),
                ("洗碗机块", "dishwasher tablets", 210),
            ),
            (BAIQIAOLI, JIEBAILU),
            (("1 kg", 1890),),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("竹浆抽纸", "bamboo tissues", 110),
                ("手帕纸", "pocket tissues", 70),
                ("懒人抹布", "disposable cloths", 65),
                ("密封袋", "zip bags", 75),
                ("百洁布", "scouring pads", 50),
                ("橡胶手套", "rubber gloves", 60),
                ("挂钩", "self-adhesive hooks", 55),
                ("衣架", "coat hangers", 95),
            ),
            (MIANSHENGHUO, HUTONG),
            (("10 pieces", 1990),),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("LED 灯泡", "LED bulb", 80),
                ("接线板", "extension lead", 240),
                ("蜡烛", "candle", 40),
                ("折叠伞", "folding umbrella", 220),
                ("拖鞋", "slippers", 130),
            ),
            (HUTONG,),
            (("1 piece", 1590),),
        ),
    ),
)

MORE_PERSONAL_CARE = Department(
    "personal-care",
    (
        *packed_each(
            "{}洗发水",
            "{} shampoo",
            (
                ("生姜", "ginger"),
                ("去屑", "anti-dandruff", 110),
                ("茶树", "tea tree", 105),
                ("氨基酸", "amino acid", 140),
            ),
            (HUAXINJI, CHENJIANLU),
            (("400 ml", 3290), ("750 ml", 4990)),
        ),
        *packed_each(
            "{}沐浴露",
            "{} body wash",
            (("牛奶", "milk"), ("青柠", "lime"), ("桂花", "osmanthus", 110)),
            (HUAXINJI, MIANSHENGHUO),
            (("500 ml", 2590),),
        ),
        *packed_each(
            "{}牙膏",
            "{} toothpaste",
            (
                ("薄荷", "mint"),
                ("竹炭", "bamboo charcoal", 110),
                ("抗敏感", "sensitive", 140),
                ("儿童草莓", "children's strawberry", 95),
            ),
            (CHIJIAN, HUAXINJI),
            (("120 g", 1390),),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("护手霜", "hand cream", 80),
                ("润唇膏", "lip balm", 70),
                ("洁面乳", "face wash", 125),
                ("保湿面膜", "moisturising face masks", 150),
                ("防晒霜", "sun cream", 190),
                ("洗面巾", "face towels", 65),
                ("棉签", "cotton buds", 30),
                ("卫生巾", "sanitary towels", 75),
            ),
            (MIANSHENGHUO, HUAXINJI),
            (("1 pack", 2490),),
        ),
    ),
)

READY_MEALS = Department(
    "ready-meals",
    (
        *packed_each(
            "{}",
            "{}",
            (
                ("宫保鸡丁", "kung pao chicken"),
                ("鱼香肉丝", "fish-fragrant pork"),
                ("梅菜扣肉", "pork with preserved mustard", 130),
                ("红烧狮子头", "braised lion's heads", 125),
                ("酸菜鱼", "fish with pickled greens", 150),
                ("番茄牛腩", "beef brisket with tomato", 155),
                ("麻婆豆腐", "mapo tofu", 70),
                ("水煮牛肉", "beef in chilli broth", 160),
                ("糖醋小排", "sweet and sour ribs", 140),
                ("蒜蓉粉丝虾", "garlic prawns with vermicelli", 165),
                ("咖喱鸡", "chicken curry"),
                ("小炒黄牛肉", "stir-fried beef", 150),
            ),
            (NUANZAO, HUTONG),
            (("350 g", 2290),),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("扬州炒饭", "Yangzhou fried rice"),
                ("煲仔饭", "clay-pot rice", 125),
                ("卤肉饭", "braised pork rice", 115),
                ("葱油拌面", "scallion oil noodles", 90),
                ("炸酱面", "noodles with soybean sauce"),
                ("重庆小面", "Chongqing noodles", 95),
                ("兰州牛肉面", "Lanzhou beef noodles", 130),
                ("螺蛳粉", "river snail noodles", 95),
            ),
            (NUANZAO, LAJIEMEI),
            (("320 g", 1490),),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("老鸭汤", "old duck soup", 140),
                ("腌笃鲜", "pork and bamboo shoot soup", 150),
                ("罗宋汤", "borscht"),
                ("皮蛋瘦肉粥", "century egg congee", 70),
                ("八宝粥", "eight-treasure congee", 60),
            ),
            (FENGQIAOPU, HUTONG),
            (("500 g", 1990),),
        ),
    ),
)

BABY = Department(
    "baby",
    (
        *packed_each(
            "{}纸尿裤",
            "nappies {}",
            (
                ("NB 号", "size NB"),
                ("S 号", "size S"),
                ("M 号", "size M", 105),
                ("L 号", "size L", 110),
                ("XL 号", "size XL", 115),
            ),
            (TUANTUANYA, MIANSHENGHUO),
            (("40 pieces", 6990),),
        ),
        *packed_each(
            "{}泥",
            "{} purée",
            (
                ("苹果", "apple"),
                ("南瓜", "pumpkin"),
                ("西梅", "prune", 115),
                ("牛肉胡萝卜", "beef and carrot", 140),
            ),
            (TUANTUANYA, HEYU),
            (("100 g", 990), ("6 × 100 g", 4990)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("婴儿米粉", "baby rice cereal", 170),
                ("磨牙棒", "teething biscuits", 85),
                ("婴儿湿巾", "baby wipes", 70),
                ("婴儿沐浴露", "baby body wash", 150),
            ),
            (TUANTUANYA, MIANSHENGHUO),
            (("1 pack", 2790),),
        ),
    ),
)

PETS = Department(
    "pets",
    (
        *packed_each(
            "{}猫粮",
            "{} cat food",
            (("鸡肉", "chicken"), ("三文鱼", "salmon", 115), ("幼猫", "kitten", 120)),
            (MAOQIAOBIAN, HUTONG),
            (("1.5 kg", 6990), ("85 g", 690)),
        ),
        *packed_each(
            "{}狗粮",
            "{} dog food",
            (("牛肉", "beef"), ("鸭肉", "duck"), ("小型犬", "small breed", 115)),
            (MAOQIAOBIAN, HUTONG),
            (("2 kg", 7990), ("100 g", 790)),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("豆腐猫砂", "tofu cat litter"),
                ("膨润土猫砂", "bentonite cat litter", 80),
                ("宠物尿垫", "pet pads", 120),
                ("鸡肉冻干", "freeze-dried chicken treats", 130),
                ("洁齿骨", "dental chews", 105),
            ),
            (MAOQIAOBIAN, HUTONG),
            (("1 pack", 2990),),
        ),
    ),
)

KITCHEN = Department(
    "kitchen",
    (
        *packed_each(
            "{}",
            "{}",
            (
                ("不粘炒锅", "non-stick wok", 480),
                ("铸铁锅", "cast-iron pot", 520),
                ("蒸笼", "bamboo steamer", 160),
                ("菜刀", "kitchen cleaver", 260),
                ("竹砧板", "bamboo chopping board", 150),
                ("汤勺", "soup ladle", 65),
                ("锅铲", "spatula", 70),
                ("保温杯", "vacuum flask", 230),
                ("玻璃保鲜盒", "glass food box", 120),
                ("盖碗", "lidded tea bowl", 140),
            ),
            (ZAOFANGDENG, HUTONG),
            (("1 piece", 2990),),
        ),
        *packed_each(
            "{}",
            "{}",
            (
                ("竹筷", "bamboo chopsticks", 60),
                ("陶瓷饭碗", "china rice bowls", 120),
                ("陶瓷盘", "china plates", 150),
                ("玻璃杯", "glasses", 110),
            ),
            (ZAOFANGDENG,),
            (("4 pieces", 2490), ("10 pieces", 4990)),
        ),
        Packed("一次性纸杯", "paper cups", (ZAOFANGDENG, HUTONG), (("50 pieces", 990),)),
        Packed("锡纸", "aluminium foil", (ZAOFANGDENG, HUTONG), (("10 m", 1290),)),
    ),
)

FLOWERS = Department(
    "flowers",
    (
        *packed_each(
            "{}",
            "{}",
            (
                ("红玫瑰", "red roses", 130),
                ("香水百合", "scented lilies", 150),
                ("康乃馨", "carnations"),
                ("向日葵", "sunflowers", 125),
                ("满天星", "baby's breath", 80),
                ("郁金香", "tulips", 140),
                ("洋桔梗", "lisianthus", 115),
                ("雏菊", "daisies", 75),
            ),
            (HUAXINJI,),
            (("10 stems", 2990), ("20 stems", 4990)),
        ),
        *packed_each(
            "盆栽{}",
            "potted {}",
            (
                ("绿萝", "pothos"),
                ("多肉", "succulent", 60),
                ("蝴蝶兰", "moth orchid", 290),
                ("发财树", "money tree", 240),
            ),
            (HUAXINJI,),
            (("1 pot", 2490),),
        ),
    ),
)
