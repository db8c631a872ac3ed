"""What to type for each route, as `/docs` shows it. A test runs these commands."""

from __future__ import annotations

EXAMPLES = {
    "POST /v1/ask": 'curl -F file=@bill.pdf -F question="What is the total due?" {url}/v1/ask',
    "POST /v1/ocr": "curl -F file=@bill.pdf -F pages=1 -F out=md {url}/v1/ocr",
    "POST /v1/chart": "curl -F file=@bill.pdf {url}/v1/chart",
    "POST /v1/extract": 'curl -F file=@bill.pdf -F "fields=invoice number, total due:money" {url}/v1/extract',
    "POST /v1/jobs": "curl -F file=@bill.pdf -F task=ocr {url}/v1/jobs",
    "GET /v1/jobs": "curl {url}/v1/jobs",
    "POST /v1/chat/completions": (
        'curl -H "Content-Type: application/json" -d "'
        '{{\\"model\\": \\"{model}\\", \\"messages\\": [{{\\"role\\": \\"user\\", \\"content\\": ['
        '{{\\"type\\": \\"text\\", \\"text\\": \\"What is the total?\\"}}, '
        '{{\\"type\\": \\"image_url\\", \\"image_url\\": '
        '{{\\"url\\": \\"data:image/png;base64,$(base64 -w0 form.png)\\"}}}}'
        ']}}]}}" '
        "{url}/v1/chat/completions"
    ),
    "GET /v1/models": "curl {url}/v1/models",
    "GET /metrics": "curl {url}/metrics",
    "GET /healthz": "curl {url}/healthz",
    "GET /readyz": "curl {url}/readyz",
}
"""By method and path. {url} is the address of the server, and {model} its model."""
