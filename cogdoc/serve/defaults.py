"""The defaults of `cogdoc serve`, for its help as well: this file imports nothing."""

HOST = "127.0.0.1"
PORT = 8765

UPLOAD_MEGABYTES = 200
PAGES = 1000
SECONDS = 600
WAITING = 256
KEEP_JOBS_DAYS = 7
