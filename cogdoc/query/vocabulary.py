"""Word lists for question analysis and answering: synonyms, and words that ask for a kind of value.

Data only, English and Chinese, with a few French and German words that occur on invoices. Everything is in lower
case. A word may be in several groups.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _in_order(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split())
    for group in (
        "no nos num number nr numéro numero nummer #",
        "phone telephone tel telefon tél ph mobile cell voice",
        "fax telecopy telecopier facsimile telefax fascimile",
        "email e-mail mail",
        "address addr addresses adresse",
        "amount amt montant betrag sum",
        "quantity qty quantities quant",
        "company co corporation corp firm",
        "organization organisation org institution institute",
        "department dept",
        "date dated datum dt",
        "revenue revenues sales turnover",
        "income profit earnings",
        "loss losses deficit",
        "cost costs expense expenses expenditure expenditures",
        "total totals sum gesamt",
        "tax vat gst tva mwst taxes",
        "subtotal sub-total",
        "maximum max",
        "minimum min",
        "average avg mean",
        "weight wt wgt",
        "manufacturer mfr maker mfg",
        "model type",
        "approximate approx approximately",
        "reference ref re",
        "subject re regarding",
        "attention attn att",
        "sender from",
        "recipient to addressee receiver addressed",
        "birth dob born",
        "salary wage pay wages",
        "customer client buyer",
        "vendor seller supplier merchant",
        "salesperson salesman",
        "employee employees staff workers headcount",
        "invoice bill inv facture rechnung",
        "receipt rcpt",
        "purchase po",
        "account acct acc a/c",
        "balance bal",
        "page pages pg pp",
        "percent percentage % pct",
        "registration reg",
        "certificate certification cert",
        "temperature temp",
        "signature signed sign",
        "estimate est estimated",
        "information info",
        "document doc",
        "place location venue site",
        "city town",
        "zip postcode postal",
        "description desc",
        "discount rebate",
        "cash cash.",
        "change balance",
        "paid payment pay",
        "dividend dividends",
        "equity shareholders' stockholders'",
        "shareholder stockholder shareholders stockholders",
        "year annual yearly",
        "month monthly",
        "begin beginning start started",
        "end ending ended",
        "period term",
        "population inhabitants",
        "country nation",
        "winner won champion winners",
        "title titled heading",
        "purpose objective aim",
        "author writer written",
        "issue issued issuer",
        "valid expiry expiration expires",
        "arrival arrive arrives",
        "departure depart departs",
        "height tall",
        "earnings eps",
        "share eps",
        "chief ceo cfo coo",
        "executive ceo",
        "officer ceo cfo coo",
        "financial cfo",
        "meeting agm",
        "research r&d",
        "development r&d",
        "auditor auditors audit audits audited",
        "ht hors",
        "ttc toutes",
    )
)

ACRONYMS = {
    "eps": "earnings per share",
    "ceo": "chief executive officer",
    "cfo": "chief financial officer",
    "coo": "chief operating officer",
    "agm": "annual general meeting",
    "r&d": "research and development",
    "cogs": "cost of sales",
    "capex": "capital expenditures",
    "pp&e": "property and equipment",
    "ppe": "property and equipment",
    "d&a": "depreciation and amortization",
    "sg&a": "selling, general and administrative",
    "cost of goods sold": "cost of sales",
    "headcount": "number of employees",
    "shareholders' funds": "total equity",
    "shareholders’ funds": "total equity",
}
"""Short forms in questions, and the full form that pages print. Short forms on pages are among the synonyms."""

PHRASES: tuple[tuple[str, str], ...] = (
    ("sub total", "subtotal"),
    ("untaxed amount", "subtotal"),
    ("untaxed", "subtotal"),
    ("before tax", "subtotal"),
    ("excluding tax", "subtotal"),
    ("amount excl", "subtotal"),
    ("sub-total", "subtotal"),
    ("date of birth", "dob"),
    ("e mail", "email"),
    ("amount due", "total"),
    ("amount payable", "total"),
    ("balance due", "total"),
    ("total due", "total"),
    ("grand total", "total"),
    ("how old", "age"),
    ("tele copy", "telecopy"),
    ("tele phone", "telephone"),
)
"""Phrases, and the one word that means the same."""

STOP_WORDS = _words(
    """
    a an the of in on at to for from by with and or as is are was were be been being am do does did done has
    have had having what which who whom whose when where why how that this these those there here it its their
    his her our your my me we you they he she i if any all will would can could may might shall should must not
    no than then so such into onto over under about between during per via please answer question using text
    image directly give tell used use according based stated only as given
    shown mentioned mention called us le la les du de des est quel quelle quels quelles un une et pour sur
    der die das ist wie welche fy usd
    """
)

WEAK_WORDS = _words(
    """
    value values name names number numbers amount many much year date time given listed provided reported indicated
    printed written kind type exact following first second integer format person people
    """
)
"""Words that state the kind of answer rather than which one: they have little weight in a label."""

DOCUMENT_WORDS = _words(
    "document form receipt invoice report page table figure chart paper letter file image picture section fax memo"
)
"""Words for the document itself: they have little weight, except before a weak word ("invoice number")."""

CHINESE_STOP = (
    "请问", "请", "这份", "这张", "这个", "该份", "该", "本", "文档", "文件", "图中", "图片", "表中", "表格中",
    "中的", "里的", "给出的", "显示的", "写的", "上的", "当中", "分别", "共有", "有关", "关于",
    "根据", "截至", "截止", "的", "了", "是", "为", "在", "和", "与", "于", "及", "吗", "呢", "啊", "有", "由",
    "至", "到", "达到", "实现", "请回答", "其",
)  # fmt: skip

CHINESE_QUESTION_WORDS = (
    "哪家公司", "哪个公司", "哪家单位", "哪个单位", "哪家企业",
    "百分之多少", "百分之几", "哪一天", "哪一年", "哪一个", "哪一家", "什么时候", "什么时间", "什么地方",
    "什么颜色", "是多少", "多少", "是什么", "什么", "是谁", "谁", "何时", "何地", "哪年", "哪天", "哪里",
    "哪儿", "哪家", "哪个", "哪些", "哪位", "哪", "几个", "几位", "几家", "几", "是否", "有没有", "能否",
    "怎么", "如何", "为何", "为什么", "吗", "多大", "多长", "多高",
)  # fmt: skip

MONTHS = _in_order("january february march april may june july august september october november december")

NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        _in_order(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
}

ORDINALS = {
    word: number
    for number, word in enumerate(
        _in_order("first second third fourth fifth sixth seventh eighth ninth tenth"), start=1
    )
}

CHINESE_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九十")}

ORGANISATION_WORDS = _words(
    """
    ltd limited inc incorporated corp corporation co company llc llp plc gmbh ag sa sarl bhd sdn pte pty group
    enterprise enterprises trading restaurant restoran cafe mart market supermarket store stores shop hotel
    hardware stationery pharmacy bakery bank university college school institute institution foundation
    association society department ministry agency bureau hospital clinic holdings industries services center
    centre kedai perniagaan syarikat electrical machinery boutique gallery gift house garden kopitiam seafood
    books motor auto museum council committee club press laboratory laboratories international council board
    sons bros brothers s/b
    """
)

CHINESE_ORGANISATION_ENDINGS = (
    "股份有限公司", "有限责任公司", "有限公司", "公司", "集团", "银行", "证券", "大学", "学院", "医院",
    "研究院", "研究所", "事务所", "委员会", "协会", "基金会", "政府", "中心", "学校", "酒店", "超市", "商店",
    "餐厅", "局", "厅", "部",
)  # fmt: skip

ADDRESS_WORDS = _words(
    """
    street st road rd avenue ave lane ln drive dr boulevard blvd way place pl square sq court ct suite ste floor
    fl building bldg block blk lot unit box jalan jln lorong taman bandar persiaran kampung kg pusat seksyen
    highway hwy terrace parkway pkwy plaza tower rue straße strasse selangor
    """
)

CHINESE_ADDRESS_CHARS = "省市区县镇乡村路街道巷弄号楼室层栋座"

TITLE_WORDS = _words("mr mrs ms dr prof sir madam esq jr sr")

ROLE_WORDS = _words(
    "president chairman chairwoman chair director officer manager board secretary treasurer chief vice executive "
    "financial operating head principal partner deputy assistant member committee of and the"
)
"""Roles of people, which are not names."""

MAXIMUM_WORDS = _words("highest most largest biggest maximum greatest top longest best max tallest heaviest")
MINIMUM_WORDS = _words("lowest least smallest fewest minimum shortest worst min cheapest lightest")
CHINESE_MAXIMUM = ("最多", "最高", "最大", "最长", "最好", "排名第一", "居首", "第一名")
CHINESE_MINIMUM = ("最少", "最低", "最小", "最短", "最差")

CONTENTS_TITLES = (
    "contents",
    "table of contents",
    "index",
    "list of figures",
    "list of tables",
    "目录",
    "目 录",
)

COLUMN_NAMES: dict[str, frozenset[str]] = {
    "person": _words(
        "name names player players manager managers driver drivers winner winners person author candidate coach "
        "captain director member artist singer actor rider skipper recipient nominee champion employee contact 姓名"
    ),
    "place": _words("location venue place city country site stadium where arena town region state course circuit"),
    "organisation": _words("team club company school organisation organization institution party firm college bank"),
    "date": _words("date dates day year when released"),
    "year": _words("year years season date"),
    "time": _words("time times kickoff"),
}
"""Names of columns that contain values of a kind, by `ValueKind`."""

LABEL_WORDS = _words(
    """
    name number no date address phone telephone tel fax email city state zip code page pages title company from to cc
    subject re department position telephone signature signed sender recipient reference quantity qty price amount
    total description item location type model serial registration certificate comments remarks instructions by
    organization institution division account order invoice customer client matter voice operator time required
    approved received prepared issue effective expiration
    """
)
"""Words that forms use as labels more often than as values."""
