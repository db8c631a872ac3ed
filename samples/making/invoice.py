"""Make a Chinese electronic invoice with tax, red seal and total in financial numerals: invoice-zh.png."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from samples.making.facts import Sample, TableFacts, ask, unanswerable
from samples.making.sheet import Color, Face, Sheet, Style, new_document, new_sheet, render, text_width

DPI = 160
SIZE = (610.0, 396.0)
CENT = Decimal("0.01")

INVOICE_KIND = "增值税专用发票"
TITLE = f"电子发票（{INVOICE_KIND}）"
NUMBER = "24332000000517608294"
DATE = "2024年11月08日"
TAX_PERCENT = 13
ISSUER = "苏晚晴"
REMARK = "合同编号：LC-2024-0371"


@dataclass(frozen=True, slots=True)
class Party:
    name: str
    tax_number: str


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    model: str
    unit: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return (self.quantity * self.price).quantize(CENT)

    @property
    def tax(self) -> Decimal:
        return (self.amount * TAX_PERCENT / 100).quantize(CENT, ROUND_HALF_UP)


BUYER = Party("青岚市云杉水务有限公司", "91990100MA0QL7X52K")
SELLER = Party("澜澈精密仪器（望汐）有限公司", "91990200MA0WX3C81T")
ITEMS = (
    Item("*仪器仪表*超声波水表", "LC-U50", "台", 24, Decimal("685.50")),
    Item("*仪器仪表*压力变送器", "LC-P16", "只", 36, Decimal("218.00")),
    Item("*电子元件*无线采集器", "LC-W3", "套", 8, Decimal("1240.75")),
    Item("*技术服务*现场校准", "", "次", 2, Decimal("960.00")),
)
AMOUNT = sum((item.amount for item in ITEMS), Decimal(0))
TAX = sum((item.tax for item in ITEMS), Decimal(0))
TOTAL = AMOUNT + TAX

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def in_capitals(amount: Decimal) -> str:
    """An amount from one yuan to a trillion in financial numerals: 1205.30 gives 壹仟贰佰零伍圆叁角."""
    yuan, cents = divmod(int(amount * 100), 100)
    text = ""
    pending_zero = False
    for power, digit in zip(range(len(str(yuan)) - 1, -1, -1), map(int, str(yuan)), strict=True):
        if digit:
            text += ("零" if pending_zero else "") + _DIGITS[digit] + _UNITS[power % 4]
        pending_zero = digit == 0
        if power % 4 == 0 and yuan // 10**power % 10**4:
            text += _GROUPS[power // 4]
    tenths, hundredths = divmod(cents, 10)
    text += "圆" + (_DIGITS[tenths] + "角" if tenths else "零" if hundredths else "")
    return text + (_DIGITS[hundredths] + "分" if hundredths else "" if tenths else "整")


TOTAL_IN_CAPITALS = in_capitals(TOTAL)

HEADER = ("项目名称", "规格型号", "单位", "数量", "单价", "金额", "税率", "税额")
ROWS = tuple(
    (
        item.name,
        item.model,
        item.unit,
        str(item.quantity),
        f"{item.price}",
        f"{item.amount}",
        f"{TAX_PERCENT}%",
        f"{item.tax}",
    )
    for item in ITEMS
)
EDGES = (30.0, 168.0, 232.0, 268.0, 312.0, 378.0, 452.0, 500.0, 580.0)

BROWN: Color = (0.50, 0.25, 0.12)
RED: Color = (0.80, 0.16, 0.14)
DARK: Color = (0.10, 0.10, 0.16)
LABEL = Style(Face.CHINESE, 9.5, BROWN)
VALUE = Style(Face.CHINESE, 9.5, DARK)


def make(folder: Path) -> Sample:
    document = new_document("", "")
    sheet = new_sheet(document, SIZE)
    _draw(sheet)
    render(sheet.page, DPI).save(folder / "invoice-zh.png", dpi=(DPI, DPI))
    return Sample(
        file="invoice-zh.png",
        kind="invoice",
        language="zh",
        text=(
            INVOICE_KIND,
            NUMBER,
            DATE,
            BUYER.name,
            BUYER.tax_number,
            SELLER.name,
            SELLER.tax_number,
            *HEADER,
            *(item.name.rpartition("*")[2] for item in ITEMS),
            f"{AMOUNT}",
            f"{TAX}",
            f"{TOTAL}",
            TOTAL_IN_CAPITALS,
            ISSUER,
            REMARK,
        ),
        questions=(
            *ask("发票号码是多少？", "发票号码", answers=(NUMBER,)),
            *ask("开票日期是哪天？", "这张发票是什么时候开的？", answers=(DATE, "2024-11-08")),
            *ask("购买方是谁？", "购买方名称是什么？", "买方是哪家公司？", answers=(BUYER.name,)),
            *ask("销售方是谁？", "销售方名称是什么？", "卖方是哪家公司？", answers=(SELLER.name,)),
            *ask("购买方的纳税人识别号是什么？", answers=(BUYER.tax_number,)),
            *ask("合计金额是多少？", "不含税金额是多少？", answers=(f"¥{AMOUNT}", f"{AMOUNT}")),
            *ask("税额合计是多少？", "税额一共是多少？", answers=(f"¥{TAX}", f"{TAX}")),
            *ask(
                "价税合计是多少？",
                "含税总额是多少？",
                "总金额是多少？",
                answers=(f"¥{TOTAL}", f"{TOTAL}", TOTAL_IN_CAPITALS),
            ),
            *ask("价税合计大写是什么？", answers=(TOTAL_IN_CAPITALS,)),
            *ask("税率是多少？", answers=(f"{TAX_PERCENT}%",)),
            *ask("开票人是谁？", answers=(ISSUER,)),
            *ask("压力变送器的单价是多少？", answers=(f"{ITEMS[1].price}",)),
            *ask("超声波水表的数量是多少？", answers=(str(ITEMS[0].quantity), f"{ITEMS[0].quantity}台")),
            *unanswerable("付款截止日期是哪天？", "收货地址在哪里？", "销售方的电话号码是多少？"),
        ),
        tables=(TableFacts(1, "项目", HEADER, ROWS),),
        reading_order=((INVOICE_KIND, BUYER.name), (BUYER.name, HEADER[0]), (HEADER[0], TOTAL_IN_CAPITALS)),
    )


def _draw(sheet: Sheet) -> None:
    left, right = EDGES[0], EDGES[-1]
    middle = (left + right) / 2
    sheet.text(middle, 46, TITLE, Style(Face.CHINESE, 17, BROWN), "center")
    for y in (54.0, 57.0):
        sheet.rule((middle - 114, y), (middle + 114, y), 0.8, BROWN)
    for y, label, value in ((40.0, "发票号码：", NUMBER), (58.0, "开票日期：", DATE)):
        sheet.text(right - 148, y, label, LABEL.sized(8.5))
        sheet.text(right - 105, y, value, VALUE.sized(8.5))

    upper, lower = 76.0, 362.0
    sheet.box((left, upper, right, lower), color=BROWN, width=1)
    for x, side, party in ((left, "购买方信息", BUYER), (middle, "销售方信息", SELLER)):
        for index, char in enumerate(side):
            sheet.text(x + 10, upper + 13 + 9.6 * index, char, LABEL.sized(8.6), "center")
        sheet.rule((x + 20, upper), (x + 20, 132), 0.7, BROWN)
        _pair(sheet, x + 27, 97, "名称：", party.name)
        _pair(sheet, x + 27, 120, "统一社会信用代码/纳税人识别号：", party.tax_number, 8.2)
    sheet.rule((middle, upper), (middle, 132), 0.7, BROWN)
    sheet.rule((left, 132), (right, 132), 0.7, BROWN)

    y = 148.0
    for index, cell in enumerate(HEADER):
        sheet.text((EDGES[index] + EDGES[index + 1]) / 2, y, cell, LABEL, "center")
    for row in ROWS:
        y += 22
        for index, cell in enumerate(row):
            if index < 3:
                sheet.text(EDGES[index] + 7, y, cell, VALUE)
            else:
                sheet.text(EDGES[index + 1] - 7, y, cell, VALUE, "right")
    y = 270.0
    sheet.text(left + 46, y, "合　　计", LABEL)
    sheet.text(EDGES[6] - 7, y, f"¥{AMOUNT}", VALUE, "right")
    sheet.text(EDGES[8] - 7, y, f"¥{TAX}", VALUE, "right")
    sheet.rule((left, 280), (right, 280), 0.7, BROWN)
    sheet.text(left + 46, 297, "价税合计（大写）", LABEL)
    sheet.rule((EDGES[1], 280), (EDGES[1], 306), 0.7, BROWN)
    sheet.text(EDGES[1] + 12, 297, TOTAL_IN_CAPITALS, VALUE.sized(10.5))
    sheet.text(EDGES[5] + 12, 297, "（小写）", LABEL)
    sheet.text(EDGES[5] + 56, 297, f"¥{TOTAL}", VALUE.sized(10.5))
    sheet.rule((left, 306), (right, 306), 0.7, BROWN)
    sheet.text(left + 7, 326, "备注", LABEL)
    sheet.rule((left + 36, 306), (left + 36, lower), 0.7, BROWN)
    sheet.text(left + 46, 326, REMARK, VALUE)
    _pair(sheet, left + 20, 381, "开票人：", ISSUER)
    _seal(sheet, right - 92, 336)
    sheet.finish()


def _pair(sheet: Sheet, x: float, y: float, label: str, value: str, size: float = 9.5) -> None:
    sheet.text(x, y, label, LABEL.sized(size))
    sheet.text(x + text_width(label, LABEL.sized(size)) + 2, y, value, VALUE.sized(size))


def _seal(sheet: Sheet, x: float, y: float) -> None:
    """A seal that overlaps the frame, as real ones do."""
    for width, radius in ((1.6, 1.0), (0.5, 0.88)):
        sheet.ellipse((x - 46 * radius, y - 32 * radius, x + 46 * radius, y + 32 * radius), RED, width)
    sheet.text(x, y - 9, "望汐市税务监制", Style(Face.CHINESE, 8.5, RED), "center")
    sheet.text(x, y + 7, "发票专用章", Style(Face.CHINESE, 11, RED), "center")
