"""Words of each language as data: one TOML file a language, read once.

`labels`        in English only: the ids of the concepts that forms use as labels rather than as values
`[words]`       lists: `stop` (function words), `weak` (words that state the kind of answer: name, number, value),
                `document` (words for the document itself: report, receipt, page), `link` (prepositions and relative
                pronouns, which end a noun phrase: of, in, for, that), `extremes` (superlatives that describe a
                value rather than a thing: highest, lowest, maximum), `most` (words that form superlatives), `distinct`
                (different), `possessive` (its), `mentioned` (appear, contain, word), `listing` (words for the printed
                order: listed, row), `cause` (because, due to), `whether` (before what is not stated: if), `particles`
                (function words of running text that `stop` lacks, as they are parts of names in questions), `counted`
                (headers of numbers that are counts or references, to which a table's currency and scale do not apply:
                employees, note, per share), `whole` (what questions call the document as a whole: entire, guidebook,
                course), `steps` (step, as of a procedure), `marks` and `series` (the marks of charts: bar, slice; line,
                color)
`[questions]`   phrases that ask, by what they ask for: `person`, `place`, `date`, `time` (what time), `amount` (how
                much), `count` (how many), `percent` (what percentage), `measure` (how high, how large), `length` (how
                long, how old), `which`, `what`, `year`,
                `list` (what are the), `reason`, `manner`, `color` (what color), `polar` (auxiliary verbs
                and particles of yes/no questions: is, does, had), `summary` (what is it about, summarize), `picture`
                (words for what only a picture shows: logo, photo, icon)
`[instructions]` phrases by the form of the reply: `format` (as JSON), `translate`, `transcribe` (read all text),
                `compare`, `explain` (tell me about, what happens)
`[operations]`  words by operation: `highest` (most, largest, best ...), `lowest`, `first`, `last`, `next`, `previous`
                (directly before), `after`, `before`, `sum` (sum, altogether, combined), `mean`, `median`, `count`
                (number of), `list` (list, name the), `difference`, `ratio` (ratio, how many times), `share`
                (percentage of, share of), `growth`, `decrease`, `more`, `less`, `at_least`, `at_most`, `equal`,
                `between`, `than`, `per`, `other` (other than, except), `not`, `or`, `and`
`[types]`       nouns that state the type of the answer, by `ValueKind` value: `amount`, `percent`, `date`, ...
`[dimensions]`  superlatives and comparatives by the concept that they measure: `height` (tallest, taller), `duration`
                (longest); in `[reverse_dimensions]` those that less of it is more of: `time` (fastest), `date` (oldest)
`[concepts]`    meanings and how the language words them. The ids are English and shared by all languages, so that a
                question in one language finds a label in another. An id of several words ("invoice number") consists
                of the concepts of its words as well, and is one of their English wordings. A wording may have several
                concepts. Words in lower case; without inflected forms that `stem` maps.
`[values]`      `months` and `weekdays` (lists of lists), `numbers`, `ordinals` and `scales` (tables), `colors` (a table
                from words to English names), `durations` (units of time, lists of lists), `yes`, `no`, `none`,
                `organizations`, `addresses`, `titles` (of people), `roles`

Nothing here belongs to a single data set. Chinese, Japanese and Thai need no spaces around words.
"""
