"""What is not eaten: household and personal care."""

from allinone.demo.brands import CHENJIANLU, CHIJIAN, HUTONG, JIEBAILU, JINGZHIJIA
from allinone.demo.goods import Department, Packed

HOUSEHOLD = Department(
    "household",
    (
        Packed(
            "抽纸",
            "facial tissues",
            (JINGZHIJIA, JIEBAILU, HUTONG),
            (("6 × 120 sheets", 1690), ("24 × 120 sheets", 5990)),
        ),
        Packed(
            "卷纸", "toilet paper", (JINGZHIJIA, JIEBAILU), (("10 rolls", 2290), ("27 rolls", 5490))
        ),
        Packed(
            "厨房纸", "kitchen paper", (JINGZHIJIA, HUTONG), (("2 rolls", 1290), ("4 rolls", 2290))
        ),
        Packed(
            "洗洁精",
            "washing-up liquid",
            (JINGZHIJIA, JIEBAILU),
            (("500 g", 890), ("1.5 kg", 1990)),
        ),
        Packed(
            "洗衣液", "laundry detergent", (JINGZHIJIA, JIEBAILU), (("1 kg", 1990), ("3 kg", 4990))
        ),
        Packed("垃圾袋", "bin bags", (JINGZHIJIA, HUTONG), (("90 pieces", 1290),)),
        Packed("保鲜膜", "cling film", (JINGZHIJIA, HUTONG), (("30 m", 1090),)),
        Packed("洁厕液", "toilet cleaner", (JINGZHIJIA, JIEBAILU), (("500 g", 1190),)),
        Packed(
            "五号电池",
            "AA batteries",
            (HUTONG, JINGZHIJIA),
            (("4 pieces", 1290), ("8 pieces", 2290)),
        ),
    ),
)

PERSONAL_CARE = Department(
    "personal-care",
    (
        Packed("牙膏", "toothpaste", (CHIJIAN, HUTONG), (("120 g", 1290), ("180 g", 1690))),
        Packed(
            "软毛牙刷",
            "soft toothbrushes",
            (CHIJIAN, HUTONG),
            (("2 pieces", 1290), ("4 pieces", 2190)),
        ),
        Packed("洗发水", "shampoo", (CHENJIANLU,), (("400 ml", 3490), ("750 ml", 5490))),
        Packed("护发素", "conditioner", (CHENJIANLU,), (("400 ml", 3490), ("750 ml", 5490))),
        Packed("沐浴露", "body wash", (CHENJIANLU,), (("400 ml", 2490), ("1 L", 4490))),
        Packed("洗手液", "hand wash", (CHENJIANLU, HUTONG), (("500 ml", 1390),)),
        Packed("香皂", "soap", (CHENJIANLU,), (("100 g", 490), ("4 × 100 g", 1690))),
        Packed("湿巾", "wet wipes", (CHENJIANLU, HUTONG), (("80 sheets", 990),)),
    ),
)
