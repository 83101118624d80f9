"""The demo chain's thirty stores in Shanghai: at real places, of every kind.

None lies nearer to People's Square than Lujiazui does, so that a search from there always begins
with the same store.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from allinone.demo.places import ring_around

CITY = "上海 Shanghai"
TIME_ZONE = "Asia/Shanghai"

DELIVERY_METRES = 3_000
DELIVERY_METRES_CORNER = 1_500
DELIVERY_METRES_WAREHOUSE = 5_000


@dataclass(frozen=True, slots=True)
class DemoStore:
    """One store, with the ids of its tills.

    `delivery_metres` is how far around it delivers, 0 for nowhere; `closed_for` why it is closed
    whatever its hours say, empty if it is not.
    """

    id: str
    display_name: str
    district: str
    address: str
    tills: tuple[str, ...]
    latitude_degrees: float
    longitude_degrees: float
    kind: str
    capabilities: tuple[str, ...]
    open_minutes: int
    close_minutes: int
    franchise_owner: str = ""
    delivery_metres: int = DELIVERY_METRES
    closed_for: str = ""

    @property
    def name(self) -> str:
        """The store's resource name."""
        return f"stores/{self.id}"

    def delivery_ring(self) -> list[tuple[float, float]]:
        """Longitude and latitude of the corners of its delivery area, closed; empty without one."""
        if not self.delivery_metres:
            return []
        return ring_around(
            self.latitude_degrees, self.longitude_degrees, metres=self.delivery_metres
        )


_USUAL = ("CARRY_OUT", "PICKUP", "DELIVERY", "RETURNS")

_MARKET = DemoStore(
    id="",
    display_name="",
    district="",
    address="",
    tills=("1", "2", "3"),
    latitude_degrees=0.0,
    longitude_degrees=0.0,
    kind="FRESH_MARKET",
    capabilities=(*_USUAL, "KITCHEN"),
    open_minutes=7 * 60,
    close_minutes=22 * 60,
)
"""What fresh markets have in common; the other kinds say how they differ."""

_SMART = replace(
    _MARKET,
    kind="SMART",
    tills=("1", "2"),
    capabilities=(*_USUAL, "SCAN_AND_GO"),
    open_minutes=6 * 60,
    close_minutes=26 * 60,
)
_CORNER = replace(
    _MARKET,
    kind="CORNER",
    tills=("1",),
    capabilities=_USUAL,
    open_minutes=6 * 60,
    close_minutes=24 * 60,
    delivery_metres=DELIVERY_METRES_CORNER,
)
_WAREHOUSE = replace(
    _MARKET,
    kind="WAREHOUSE",
    tills=(),
    capabilities=("DELIVERY",),
    open_minutes=6 * 60,
    close_minutes=25 * 60,
    delivery_metres=DELIVERY_METRES_WAREHOUSE,
)
_POP_UP = replace(
    _MARKET,
    kind="POP_UP",
    tills=("1",),
    capabilities=("CARRY_OUT",),
    open_minutes=10 * 60,
    close_minutes=21 * 60,
    delivery_metres=0,
)

_ALL_DAY = (0, 24 * 60)
_GUBEI, _PUJIANG, _SHENBEI = "gubei-partners", "pujiang-corner-shops", "shenbei-fresh"


def _at(
    like: DemoStore,
    place: tuple[str, str, str, str],
    position: tuple[float, float],
    *,
    hours: tuple[int, int] | None = None,
    owner: str = "",
    closed_for: str = "",
) -> DemoStore:
    """A store of a kind at a place: id, name, district and address."""
    store_id, display_name, district, address = place
    opens, closes = hours or (like.open_minutes, like.close_minutes)
    return replace(
        like,
        id=store_id,
        display_name=display_name,
        district=district,
        address=address,
        latitude_degrees=position[0],
        longitude_degrees=position[1],
        open_minutes=opens,
        close_minutes=closes,
        franchise_owner=owner,
        closed_for=closed_for,
    )


STORES = (
    _at(
        replace(_MARKET, capabilities=(*_USUAL, "KITCHEN", "SCAN_AND_GO")),
        ("sh01", "静安寺店 Jing'an Temple", "静安区 Jing'an", "南京西路 1698 号 B1"),
        (31.2235, 121.4453),
    ),
    _at(
        _MARKET,
        ("sh02", "徐家汇店 Xujiahui", "徐汇区 Xuhui", "肇嘉浜路 1086 号 B2"),
        (31.1955, 121.4372),
    ),
    _at(
        replace(_SMART, tills=("1", "2", "3", "4")),
        ("sh03", "陆家嘴店 Lujiazui", "浦东新区 Pudong", "世纪大道 96 号 B1"),
        (31.2397, 121.4998),
    ),
    _at(
        replace(_CORNER, tills=("1", "2"), delivery_metres=DELIVERY_METRES),
        ("sh04", "五角场店 Wujiaochang", "杨浦区 Yangpu", "淞沪路 182 号 1 层"),
        (31.3011, 121.5143),
        hours=_ALL_DAY,
    ),
    _at(
        replace(_MARKET, tills=("1", "2")),
        ("sh05", "古北店 Gubei", "长宁区 Changning", "黄金城道 560 号 1 层"),
        (31.1975, 121.4010),
        hours=(8 * 60, 21 * 60 + 30),
        owner=_GUBEI,
    ),
    _at(
        _MARKET,
        ("sh06", "中山公园店 Zhongshan Park", "长宁区 Changning", "长宁路 1018 号 B1"),
        (31.2190, 121.4160),
    ),
    _at(
        _SMART,
        ("sh07", "虹桥火车站店 Hongqiao Railway Station", "闵行区 Minhang", "申贵路 1500 号 B1"),
        (31.1960, 121.3195),
        hours=(5 * 60 + 30, 24 * 60),
    ),
    _at(
        _SMART,
        ("sh08", "莘庄店 Xinzhuang", "闵行区 Minhang", "莘松路 58 号 B1"),
        (31.1110, 121.3850),
        owner=_SHENBEI,
    ),
    _at(
        _CORNER,
        ("sh09", "七宝店 Qibao", "闵行区 Minhang", "漕宝路 3366 号 1 层"),
        (31.1555, 121.3495),
    ),
    _at(
        _SMART,
        (
            "sh10",
            "张江高科店 Zhangjiang High-Tech Park",
            "浦东新区 Pudong",
            "祖冲之路 1239 弄 3 号",
        ),
        (31.2025, 121.5875),
        hours=_ALL_DAY,
    ),
    _at(
        _MARKET,
        ("sh11", "世纪公园店 Century Park", "浦东新区 Pudong", "花木路 1378 号 B1"),
        (31.2095, 121.5505),
    ),
    _at(
        _CORNER,
        ("sh12", "金桥店 Jinqiao", "浦东新区 Pudong", "金高路 311 号 1 层"),
        (31.2585, 121.5995),
        owner=_PUJIANG,
    ),
    _at(
        _CORNER,
        ("sh13", "川沙店 Chuansha", "浦东新区 Pudong", "川沙路 5398 号 1 层"),
        (31.1865, 121.6980),
        owner=_PUJIANG,
    ),
    _at(
        _SMART,
        ("sh14", "浦东机场店 Pudong Airport", "浦东新区 Pudong", "启航路 900 号 2 号航站楼"),
        (31.1515, 121.8050),
        hours=_ALL_DAY,
    ),
    _at(
        _CORNER,
        ("sh15", "临港大道店 Lingang Avenue", "浦东新区 Pudong", "申港大道 200 号 1 层"),
        (30.9230, 121.9100),
        owner=_PUJIANG,
    ),
    _at(
        _SMART,
        ("sh16", "上海南站店 Shanghai South Station", "徐汇区 Xuhui", "沪闵路 9001 号 B1"),
        (31.1545, 121.4300),
        hours=(5 * 60 + 30, 24 * 60 + 30),
    ),
    _at(
        _CORNER,
        ("sh17", "龙华店 Longhua", "徐汇区 Xuhui", "龙华路 2778 号 1 层"),
        (31.1740, 121.4525),
        hours=(6 * 60, 26 * 60),
    ),
    _at(
        _SMART,
        ("sh18", "马戏城店 Shanghai Circus World", "静安区 Jing'an", "共和新路 2266 号 B1"),
        (31.2795, 121.4490),
    ),
    _at(
        _CORNER,
        ("sh19", "虹口足球场店 Hongkou Football Stadium", "虹口区 Hongkou", "西江湾路 388 号 1 层"),
        (31.2720, 121.4755),
        hours=_ALL_DAY,
    ),
    _at(
        _CORNER,
        ("sh20", "曹杨路店 Caoyang Road", "普陀区 Putuo", "曹杨路 450 号 1 层"),
        (31.2400, 121.4130),
    ),
    _at(
        _WAREHOUSE,
        ("sh21", "真如仓 Zhenru", "普陀区 Putuo", "曹杨路 2088 号 3 幢"),
        (31.2525, 121.4020),
    ),
    _at(
        _CORNER,
        ("sh22", "江湾镇店 Jiangwan Town", "虹口区 Hongkou", "万安路 600 号 1 层"),
        (31.3085, 121.4790),
        owner=_SHENBEI,
    ),
    _at(
        _CORNER,
        ("sh23", "鞍山新村店 Anshan Xincun", "杨浦区 Yangpu", "鞍山路 203 号 1 层"),
        (31.2745, 121.5060),
        hours=(6 * 60 + 30, 23 * 60),
    ),
    _at(
        _SMART,
        ("sh24", "友谊路店 Youyi Road", "宝山区 Baoshan", "牡丹江路 1569 号 B1"),
        (31.4055, 121.4765),
        owner=_SHENBEI,
    ),
    _at(
        _SMART,
        ("sh25", "嘉定新城店 Jiading New City", "嘉定区 Jiading", "白银路 555 号 B1"),
        (31.3315, 121.2500),
    ),
    _at(
        _CORNER,
        ("sh26", "安亭店 Anting", "嘉定区 Jiading", "墨玉路 28 号 1 层"),
        (31.2885, 121.1590),
    ),
    _at(
        _SMART,
        (
            "sh27",
            "松江大学城店 Songjiang University Town",
            "松江区 Songjiang",
            "文汇路 900 弄 6 号",
        ),
        (31.0570, 121.2270),
        hours=(6 * 60 + 30, 25 * 60),
    ),
    _at(
        _WAREHOUSE,
        ("sh28", "青浦新城仓 Qingpu New City", "青浦区 Qingpu", "盈港东路 1555 号 2 幢"),
        (31.1515, 121.1235),
    ),
    _at(
        _CORNER,
        ("sh29", "奉贤新城店 Fengxian New City", "奉贤区 Fengxian", "南桥路 568 号 1 层"),
        (30.9150, 121.4720),
        closed_for="店铺装修中 closed for renovation",
    ),
    _at(
        _POP_UP,
        ("sh30", "前滩快闪店 Qiantan pop-up", "浦东新区 Pudong", "东育路 500 弄 1 层"),
        (31.1545, 121.4740),
    ),
)
