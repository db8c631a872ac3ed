"""Detects which kinds of value a question asks for: "when" asks for a date, "how much" for an amount."""

from __future__ import annotations

import re

from cogdoc.query.typed_values import ValueKind
from cogdoc.text import has_han

_KIND_CUES: tuple[tuple[str, tuple[ValueKind, ...]], ...] = (
    (r"大写", ()),
    (r"date and time|date\s?[&/]\s?time|日期和时间", (ValueKind.DATE_AND_TIME,)),
    (r"\b(?:e-?mail)\b|邮箱|电子邮件", (ValueKind.EMAIL,)),
    (r"\b(?:web\s?site|url|web address|homepage)\b|网址|网站|官网", (ValueKind.URL,)),
    (r"\b(?:(?:tele)?phone|tel|fax|mobile)\b|电话|传真|手机", (ValueKind.PHONE,)),
    (r"\baddress\b|地址|住址", (ValueKind.ADDRESS,)),
    (r"\bwhat time\b|\bat what time\b|\btime (?:of|is|was)\b|几点|什么时间", (ValueKind.TIME,)),
    (r"\b(?:which|what) (?:\w+ )?year\b|哪一?年", (ValueKind.YEAR,)),
    (r"\bhow long\b|\bduration\b|多长时间|多久", (ValueKind.DURATION,)),
    (r"\bwhen\b|\bdate\b|\b(?:which|what) day\b|\bdated\b|日期|何时|什么时候|哪一?天", (ValueKind.DATE,)),
    (
        r"\b(?:percent(?:age)?|what share|(?:interest|tax|growth|unemployment) rate|margin)\b|%|"
        r"百分之|百分比|比例|占比|不良率|率",
        (ValueKind.PERCENT, ValueKind.NUMBER),
    ),
    (
        r"\bhow much\b|\b(?:amount|price|cost|total|subtotal|sub-total|revenue|sales|income|profit|earnings|tax|vat|"
        r"balance|fee|rent|deposit|worth|dividend|wages?|charge|premium|debts?|loan amount|payment|salary|cash|"
        r"expenses?|expenditures?|net worth|budget|assets|liabilities|value in|"
        r"montant|combien)\b|金额|多少钱|价格|收入|利润|总额|合计|股价|资产|单价|税额|规模",
        (ValueKind.AMOUNT, ValueKind.NUMBER),
    ),
    (
        r"\bhow many\b|\b(?:total )?number of\b|\battendance\b|\bquantity\b|\bage\b|\bhow old\b|多少|几个|几位|数量",
        (ValueKind.NUMBER, ValueKind.AMOUNT),
    ),
    (
        r"\b(?:serial|invoice|account|order|reference|registration|accident|case|receipt|document|id|identification|"
        r"licen[sc]e|policy|tracking|report|customer|client|job|lot|code|model|part|gst|vat|tax|po|purchase order)\s"
        r"(?:number|no\b|#|id\b|code)|\bregistration\b|\b(?:number|no\.|#)|号码|编号|代码|单号|账号",
        (ValueKind.IDENTIFIER,),
    ),
    (
        r"\bwho(?:m|se)?\b|\bname of the (?:person|author|sender|recipient|director|president|manager)|谁|哪位|姓名",
        (ValueKind.PERSON, ValueKind.ORGANISATION),
    ),
    (
        r"\b(?:company|firm|organi[sz]ation|institut\w+|university|foundation|shop|store|vendor|seller|supplier|"
        r"merchant|employer|bank|issuer|agency)\b|公司|机构|单位|银行|哪家",
        (ValueKind.ORGANISATION,),
    ),
    (
        r"\bwhere\b|\bwhich (?:city|country|state|place|region)\b|\b(?:city|country|location|place|venue)\b|"
        r"哪里|何地|地区|地点|省份",
        (ValueKind.PLACE,),
    ),
)
_KIND_PATTERNS = tuple((re.compile(cue, re.I), kinds) for cue, kinds in _KIND_CUES)


def find_answer_kinds(text: str, quoted: bool) -> tuple[ValueKind, ...]:
    """The kinds of value that a question may ask for, the likeliest first and free text last.

    In English the first cue counts ("what is the date of the fax"), in Chinese the most specific one. `quoted` says
    that the text is only a label.
    """
    kinds: list[ValueKind] = []
    cues = [(match, cued) for pattern, cued in _KIND_PATTERNS if (match := pattern.search(text))]
    if cues:
        first = cues[0] if has_han(text) else min(cues, key=lambda cue: (cue[0].start(), -cue[0].end()))
        kinds += first[1]
    pair = re.search(r"\w+ (?:and|&) \w+", text)
    if pair and kinds and kinds[0] is ValueKind.NUMBER and not quoted and "how many" not in text.lower():
        kinds = []
    if quoted and kinds and kinds[0] in (ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE):
        kinds = []
    return (*dict.fromkeys(kinds), ValueKind.TEXT)
