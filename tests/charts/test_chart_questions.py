"""Questions about a chart are answered from its table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering import answer_question
from cogdoc.parsing.page_text import Line, PageLayout, PageText, TextOrigin, Word
from cogdoc.results.records import Answer, Chart, ChartKind, ChartSeries, ChartValue

BLUE, ORANGE, NAVY = "#2876dd", "#ff7f0e", "#1f3f8f"


def chart(
    categories: Sequence[str],
    series: dict[str, tuple[str, Sequence[float | None]]],
    kind: ChartKind = ChartKind.BAR,
) -> Chart:
    return Chart(
        kind=kind,
        categories=tuple(categories),
        series=tuple(
            ChartSeries(
                name=name,
                color=color,
                values=tuple(
                    ChartValue(value=value, text=None if value is None else f"{value:g}", confidence=0.9)
                    for value in values
                ),
            )
            for name, (color, values) in series.items()
        ),
        measured=False,
        confidence=0.9,
    )


def ask(one: Chart, question: str) -> Answer:
    """The answer to a question about a page that shows only this chart."""
    names = [*one.categories, *(series.name for series in one.series if series.name)]
    lines = tuple(
        Line((Word(name, Box(20, 20 * index, 120, 20 * index + 10), 0.95),)) for index, name in enumerate(names)
    )
    text = PageText(1, "1", 400.0, 400.0, 0, TextOrigin.OCR, lines)
    return answer_question(question, [PageLayout(text, ())], charts={1: (one,)})


SALES = chart(
    ["2017", "2018", "2019", "2020"],
    {"Online sales": (BLUE, [12, 30, 55, 41]), "Store sales": (ORANGE, [80, 64, 52, 20])},
)
COUNTRIES = chart(
    ["United States", "China", "Germany", "Viet Nam"], {"": (BLUE, [64.5, 31.2, 12.8, 3.3])}, ChartKind.HORIZONTAL_BAR
)
MONTHS = chart(["May '20", "Jun '20", "May '21"], {"": (BLUE, [116.55, 118.94, 126.38])}, ChartKind.LINE)
GROWTH = chart(["2016", "2017", "2018", "2019"], {"Population growth": (BLUE, [1.21, 1.34, 1.88, 0.75])})
MODE_SHARES = chart(
    ["Q1 19", "Q2 19", "Q3 '19"], {"Bus": (BLUE, [40, 35, 31]), "Tram": (NAVY, [22, 30, 45])}, ChartKind.STACKED_BAR
)
VISITS = chart(["2019-11", "2019-12", "2020-01"], {"": (BLUE, [2356, 2730, 2311])}, ChartKind.LINE)
OPINIONS = chart(["Yes", "No", "Don't know / refused"], {"Women": (BLUE, [44, 41, 15]), "Men": (ORANGE, [52, 39, 9])})
DONORS = chart(["Other", "Norway", "Peru"], {"": (BLUE, [40.5, 12.9, 7.25])})
SEASONS = chart(["10/11", "11/12", "12/13", "13/14"], {"": (BLUE, [25, 31, 19, 12])})
POPULATION = chart(["1999", "2011", "2022"], {"•Asia": (BLUE, [3.7, 4.2, 4.7]), "•Africa": (ORANGE, [0.8, 1.1, 1.4])})
CHINESE = chart(["广东省", "浙江省", "山东省"], {"基金数量": (BLUE, [320, 210, 150])})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What were online sales in 2018?", "30"),
        ("How much did stores sell in 2020?", "20"),
        ("In what year were online sales highest?", "2019"),
        ("What is the lowest value of store sales?", "20"),
        ("What was the second highest value of online sales?", "41"),
        ("What does the orange bar represent?", "Store sales"),
        ("What is the value of the blue bar in 2017?", "12"),
        ("Which year had store sales of 64?", "2018"),
        ("What is the difference between online and store sales in 2019?", "3"),
        ("What is the difference between the highest and the lowest blue bar?", "43"),
        ("What is the average of online sales?", "34.5"),
        ("What is the median of store sales?", "58"),
        ("What is the sum of store sales in 2018 and 2019?", "116"),
        ("What is the ratio of store sales to online sales in 2017?", "6.67"),
        ("In how many years were store sales more than 50?", "3"),
        ("Were online sales in 2020 greater than store sales in 2020?", "Yes"),
        ("Is the sum of online sales more than 200?", "No"),
        ("Is there a value 52 in the orange bars?", "Yes"),
        ("Which was higher in 2020, online sales or store sales?", "Online sales"),
        ("How many colors are used?", "2"),
        ("How many years are shown?", "4"),
        ("What color are the store sales?", "Orange"),
    ],
)
def test_two_series_over_years(question: str, answer: str) -> None:
    found = ask(SALES, question)
    assert found.text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the share of Germany?", "12.8"),
        ("How much does the United States have?", "64.5"),
        ("What share does Vietnam have?", "3.3"),
        ("Which country has the second largest share?", "China"),
        ("What country had a share of 12.8 percent?", "Germany"),
        ("How many countries are there?", "4"),
        ("How many countries have a share over 30?", "2"),
        ("Is China greater than Germany?", "Yes"),
        ("How much higher is China than Germany?", "18.4"),
    ],
)
def test_one_series_over_names(question: str, answer: str) -> None:
    found = ask(COUNTRIES, question)
    assert found.text == answer


def test_abbreviated_months_and_years_are_understood() -> None:
    answers = [ask(MONTHS, f"What was it in {when}?") for when in ("May 2021", "June of 2020")]
    assert [answer.text for answer in answers if answer] == ["126.38", "118.94"]


def test_a_chart_of_growth_rates_says_how_much_something_grew_in_a_year() -> None:
    questions = ("How much did the population grow in 2018?", "What was the population growth in 2019?")
    assert [ask(GROWTH, question).text for question in questions] == ["1.88", "0.75"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the value of the highest bar?", "80"),
        ("What value does the second highest bar have?", "64"),
        ("What is the number of the lowest bar?", "12"),
        ("Is any of the bars less than 10?", "No"),
        ("Is any bar over 75?", "Yes"),
        ("Are all bars above 75?", "No"),
        ("Are all of the bars more than 5?", "Yes"),
        ("In which year is the gap between online sales and store sales the largest?", "2017"),
        ("What is the smallest difference between online sales and store sales?", "3"),
        ("The highest blue bar minus the lowest orange bar gives what?", "35"),
        ("What was the highest number of online sales in 2018?", "30"),
        ("What was the main sales year for stores in this chart?", "2017"),
        ("Which color has the highest bar?", "Orange"),
        ("What color is the bar of 41?", "Blue"),
        ("When did online sales reach their peak?", "2019"),
        ("What is the average of online sales? (in millions)", "34.5"),
    ],
)
def test_bars_of_all_series_are_compared(question: str, answer: str) -> None:
    assert ask(SALES, question).text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What was the share of the bus in the second quarter of 2019?", "35"),
        ("What was the share of the tram in Q3 2019?", "45"),
        ("What does light blue represent?", "Bus"),
        ("What does the dark blue bar represent?", "Tram"),
    ],
)
def test_quarters_and_shades_are_understood(question: str, answer: str) -> None:
    assert ask(MODE_SHARES, question).text == answer


@pytest.mark.parametrize(
    "question", ["How many visits were there in December 2019?", "Wie viele Besuche gab es im Dezember 2019?"]
)
def test_months_are_found_that_an_axis_prints_as_numbers(question: str) -> None:
    assert ask(VISITS, question).text == "2730"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the difference between Yes and No among women?", "3"),
        ("Which group has the least value in don't know/refused?", "Men"),
        ("What is the sum of Yes and No for men?", "91"),
    ],
)
def test_names_of_answers_are_names(question: str, answer: str) -> None:
    assert ask(OPINIONS, question).text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What was the highest number of online sales between 2017 and 2018?", "30"),
        ("In welchem Jahr von 2017 bis 2019 waren die Store sales am niedrigsten?", "2019"),
        ("What is the difference between the highest and the lowest value of store sales from 2017 to 2019?", "28"),
    ],
)
def test_a_range_has_all_years_in_it(question: str, answer: str) -> None:
    assert ask(SALES, question).text == answer


def test_seasons_are_named_by_full_years_too() -> None:
    assert ask(SEASONS, "How many visits were there in 2013/2014?").text == "12"


def test_what_is_left_over_is_no_leader() -> None:
    assert ask(DONORS, "What is the leading country?").text == "Norway"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many continents are shown?", "2"),
        ("Which continent had 4.2 billion people?", "Asia"),
        ("Which continent has the highest value?", "Asia"),
    ],
)
def test_series_over_years_are_what_is_counted_and_named(question: str, answer: str) -> None:
    assert ask(POPULATION, question).text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("浙江省的基金数量是多少？", "210"),
        ("哪个省的基金数量最多？", "广东省"),
        ("广东省和山东省相差多少？", "170"),
        ("平均是多少？", "226.7"),
        ("广东省是否大于浙江省？", "是"),
    ],
)
def test_chinese_questions(question: str, answer: str) -> None:
    found = ask(CHINESE, question)
    assert found.text == answer


def test_a_computed_answer_shows_its_formula_and_operands() -> None:
    answer = ask(SALES, "What is the average of online sales?")
    assert answer.formula == "(12 + 30 + 55 + 41) / 4"
    assert [operand.text for operand in answer.operands] == ["12", "30", "55", "41"]


def test_words_for_colors_are_understood_in_other_languages() -> None:
    assert ask(SALES, "Wofür steht der orange Balken?").text == "Store sales"
    assert ask(SALES, "¿Cuál es el valor más alto de las barras azules?").text == "55"


def test_a_chart_without_values_answers_nothing() -> None:
    assert ask(chart(["A"], {"": (BLUE, [None])}), "What is A?").text is None


def test_a_question_about_something_else_is_not_answered() -> None:
    assert ask(COUNTRIES, "What is the telephone extension?").text is None


def test_a_chart_whose_title_is_cut_off_answers_a_question_that_names_its_subject() -> None:
    assert ask(COUNTRIES, "What was the market share of Zalando in Germany?").text == "12.8"
