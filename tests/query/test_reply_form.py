"""Which questions call for a few words, for sentences, and for lists or texts, in English and Chinese."""

from __future__ import annotations

import pytest

from cogdoc.query.reply_form import ReplyForm, reply_form

FACTS = """What is the total?
Who signed it?
How much is the tax?
How many people work here?
How old is the patient?
How long is the warranty?
Is it paid?
Which country has the highest revenue?
Which is higher, A or B?
What is the difference between revenue in 2023 and 2024?
What color is the logo?
Name of the customer?
Date?
the total
What is the JSON version?
What is the translation agency called?
What does "Compare plans" cost?
When does the contract end?
What is the title of the comparison table?
Find the invoice number.
总金额是多少？
谁签的合同？
是否已付款？
2023年和2024年收入的差额是多少？
有多少名员工？
合同何时到期？
翻译公司叫什么名字？""".splitlines()

SENTENCES = """Why did revenue fall?
How does the process work?
How do I apply?
Explain the chart.
Describe this page.
Summarize the report
What is this document about?
Compare plan A and plan B.
How does plan A compare to plan B?
What is the difference between plan A and plan B?
What do the two offers have in common?
What happens if I cancel?
Tell me about the author
请描述这张图
为什么收入下降？
如何申请？
比较方案A和方案B
方案A和方案B有什么区别？
这份文件讲了什么？
请总结这份报告
解释一下这张图表""".splitlines()

LONG = """List all products with their prices.
What are the names of the directors?
Name three risks.
Translate the first paragraph into German.
Give me the line items as JSON.
Extract all fields in JSON format
Output the table as CSV
Answer in bullet points: what was decided?
Transcribe the page.
Read all text on this page.
有哪些产品？
列出所有产品及价格
把第一段翻译成英文
用JSON格式输出所有字段
读出这一页上的所有文字。""".splitlines()


@pytest.mark.parametrize("question", FACTS)
def test_a_fact_takes_a_few_words(question: str) -> None:
    assert reply_form(question) is ReplyForm.FACT


@pytest.mark.parametrize("question", SENTENCES)
def test_reasons_descriptions_and_comparisons_take_sentences(question: str) -> None:
    assert reply_form(question) is ReplyForm.SENTENCES


@pytest.mark.parametrize("question", LONG)
def test_lists_formats_and_translations_take_room(question: str) -> None:
    assert reply_form(question) is ReplyForm.LONG


@pytest.mark.parametrize("question", ["", "?", "“”", "12", "why", "x" * 10_000, "？" * 50])
def test_anything_has_a_form(question: str) -> None:
    assert reply_form(question) in ReplyForm
