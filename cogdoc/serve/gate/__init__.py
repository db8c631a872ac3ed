"""What every request passes before a route sees it; `application.py` has the order."""
