"""Words of each language as data: one TOML file a language, read once.

`[words]`       lists: `stop` (function words), `weak` (words that state the kind of answer: name, number, value),
                `document` (words for the document itself: report, receipt, page)
`[questions]`   phrases that ask, by what they ask for: `person`, `place`, `date`, `amount`, `count`, `which`, `reason`,
                `manner`, `polar` (openers of yes/no questions), `length` (how long, how old)
`[operations]`  words by operation: `highest`, `lowest`, `first`, `last`, `next`, `previous`, `sum`, `mean`, `median`,
                `count`, `list`, `difference`, `ratio`, `growth`, `decrease`, `more`, `less`, `at_least`, `at_most`,
                `equal`, `between`, `other`, `not`, `or`
`[types]`       nouns that state the type of the answer, by `ValueKind` value: `amount`, `percent`, `date`, ...
`[concepts]`    meanings and how the language words them. The ids are English and shared by all languages, so that a
                question in one language finds a label in another. An id of several words ("invoice number") consists
                of the concepts of its words as well. Words in lower case; without inflected forms that `stem` maps.
`[values]`      `months` and `weekdays` (lists of lists), `numbers` and `scales` (tables), `yes`, `no`, `none`,
                `organizations`, `addresses`, `titles` (of people), `roles`

Nothing here belongs to a single data set. Chinese, Japanese and Thai need no spaces around words.
"""
