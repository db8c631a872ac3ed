"""Read the literal text of pages: words with boxes, and blocks and tables in reading order.

The text of a page comes from its text layer (`text_layer`) or from OCR (`ocr`); `layout` divides it into blocks, and
`tables` builds the tables among them. Read in this order:

1. `page_text`: the data types that everything else produces or consumes.
2. `reading`: decide for each page between text layer and OCR; it calls the sub-packages below.
3. `text_layer`, `ocr`, `layout`, `tables`: each explains in its own docstring in which order to read its files.
4. `page`: a page as engines see it, which runs `reading` in the sandbox.

`row_clustering`, `directions` and `numbers` are shared by all of these and by the engines; `picture_labels` turns the
words of a picture into the labels that chart readers need; `page_text_store` keeps a whole document's text on disk.
"""

import os

# onnxruntime reads this when it is imported. Otherwise it writes a device id to the user's cache and reports events.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
