"""Detects questions about a property of the whole document: its issuer, date, total or title.

Such a question names only the property ("What is the total amount on this receipt?"). If it names anything else
("total number of pages printed in May"), it asks for the value of a label on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from cogdoc.query.terms import stem
from cogdoc.text import has_han


class DocumentField(StrEnum):
    """A property of a whole document, which often has no label."""

    ISSUER = "issuer"
    ADDRESS = "address"
    DATE = "date"
    TOTAL = "total"
    TITLE = "title"
    SENDER = "sender"
    RECIPIENT = "recipient"
    PAGE_NUMBER = "page-number"


_KINDS_OF_DOCUMENT = (
    "receipt invoice bill letter document fax memo memorandum report form page slip ticket statement order "
    "article slide paper presentation book this file certificate contract table shown printed"
)

_CUES: dict[DocumentField, tuple[str, str]] = {
    DocumentField.ADDRESS: (
        r"\baddress\b|\bwhere is (?:the|this) (?:shop|store|company|restaurant|business)\b|地址",
        "address shop company store seller vendor merchant issuer restaurant business supplier located where",
    ),
    DocumentField.ISSUER: (
        r"\b(?:company|shop|store|merchant|vendor|seller|business|issuer|restaurant|supplier|firm|letterhead|"
        r"institution|"
        r"organi[sz]ation|university|foundation|hotel|bank|school|hospital|institute|college|agency|association)\b|"
        r"商家|店名|出具|机构|哪家",
        "company shop store merchant vendor seller business issuer restaurant supplier firm letterhead name issue "
        "issued "
        "institution organization organisation university foundation hotel bank school hospital institute college "
        "agency association security sold from published wrote written sent",
    ),
    DocumentField.DATE: (
        r"\bdate\b|\bwhen was\b|\bdated\b|日期|哪一?天|何时|什么时候",
        "date dated issue issued day written published publish sent bought purchased made printed",
    ),
    DocumentField.TOTAL: (
        r"\btotal\b|\bamount due\b|\bbalance due\b|\bhow much\b.*\b(?:pay|paid|owed?|due|cost)\b|"
        r"总计|合计|总金额|总额|多少钱",
        "total amount due balance grand payable pay paid owe final overall sum price cost bill much",
    ),
    DocumentField.TITLE: (
        r"\b(?:title|heading|headline|called)\b|标题|题目",
        "title heading headline main call name",
    ),
    DocumentField.SENDER: (
        r"\bwho (?:sent|wrote|signed)|\bfrom whom\b|\bsender\b|\bwho is .* from\b|\bauthor\b|发件人|寄件人|落款|作者",
        "sender author writer sent wrote sign from name written",
    ),
    DocumentField.RECIPIENT: (
        r"\bto whom\b|\brecipient\b|\baddress(?:ed|ee)\b|\bwho is .* to\b|收件人",
        "recipient addressed addressee sent name",
    ),
    DocumentField.PAGE_NUMBER: (r"\bpage numbers?\b|页码", "page number"),
}
_PATTERNS = {
    field: (re.compile(cue, re.I), frozenset(stem(word) for word in f"{words} {_KINDS_OF_DOCUMENT}".split()))
    for field, (cue, words) in _CUES.items()
}

CHINESE_FIELD_WORDS = (
    "发布日期", "开票日期", "报告日期", "日期", "地址", "商家", "销售方", "开票方", "店铺", "公司", "机构", "证券",
    "名称", "出具", "总计", "合计", "总金额", "总额", "价税", "金额", "标题", "题目", "发票", "收据", "小票", "报告",
    "文件", "研究", "页码", "元", "开",
)  # fmt: skip


def find_document_fields(question: str, words: Iterable[str]) -> frozenset[DocumentField]:
    """The fields that a question may ask for, given its content words.

    In a question about an address, the issuer only states whose address it is.
    """
    chinese = has_han(question)
    fields = set()
    for field, (cue, allowed) in _PATTERNS.items():
        if cue.search(question) and (
            _only_chinese_field_words(words) if chinese else all(stem(word) in allowed for word in words)
        ):
            fields.add(field)
    if DocumentField.ADDRESS in fields or DocumentField.RECIPIENT in fields:
        fields -= {DocumentField.ISSUER, DocumentField.SENDER}
    return frozenset(fields)


def _only_chinese_field_words(words: Iterable[str]) -> bool:
    """Whether every pair of characters is part of words that only name the field, or joins two of them."""
    known = {word[i : i + 2] for word in CHINESE_FIELD_WORDS for i in range(len(word) - 1)}
    ends = {word[-1] for word in CHINESE_FIELD_WORDS}
    starts = {word[0] for word in CHINESE_FIELD_WORDS}
    return all(
        word in known or word in ends or (len(word) == 2 and word[0] in ends and word[1] in starts)
        for word in words
        if has_han(word)
    )
