"""Make the annual report of an invented company: report.pdf."""
