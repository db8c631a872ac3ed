"""Read the text of scans and pictures by OCR on the CPU.

Start with `page_ocr`, which reads a whole page step by step. Its steps, in the order in which they run:

1. `blank_pages`: skip pages without `ink` (called by `parsing.reading`).
2. `ocr_engine`: run RapidOCR on a picture; `ocr_lines` has its results, `ctc` the network's output for a line.
3. `bands`: divide large pictures into overlapping bands.
4. `merged_rows`: separate rows that text detection takes for one line.
5. `missed_ink`: read short numbers and words that text detection misses.
6. `orientation`: find out whether the page is sideways or upside down.
7. `scripts`: find scripts that RapidOCR cannot read.
8. `sideways_numbers`: read numbers that are stamped sideways.
9. `spelling`: correct doubtful words by the `lexicon`, whose words are in `english.txt`.
10. `checkboxes`: put marks for drawn checkboxes in front of their labels.
"""
