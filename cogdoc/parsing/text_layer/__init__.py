"""Read the text that a PDF, XPS or EPUB page contains as text objects.

Start with `extraction`, which reads the words of a page and evidence of whether to trust them. It uses
`hidden_text` to leave out what the page does not show, and `word_repair` to mend the words: `word_splitting` splits
those that MuPDF joined, `word_joining` joins those that the file splits, `overprints` drops what is printed twice,
`raised_text` sets notes, exponents and ordinals apart from the text on the line, and `right_to_left` orders letters.
Then `text_lines` makes lines of the words, `drop_caps` joins initials to their words, and `checkboxes` marks drawn
checkboxes.
"""
