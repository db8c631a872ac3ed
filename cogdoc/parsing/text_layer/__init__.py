"""Read the text that a PDF, XPS or EPUB page contains as text objects.

Start with `extraction`, which reads the words of a page and evidence of whether to trust them. It uses
`word_splitting` to split words that MuPDF joined, and `drop_caps` to join initials to their words,
and `checkboxes` to mark drawn checkboxes.
"""
