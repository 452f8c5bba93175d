"""What pages leave in a browser, what a visitor says to it, and the record of that.

``cookies`` declares every cookie, ``groups`` mirrors the declaration into django-cookie-consent, ``choices`` reads and
writes what somebody decided, ``middleware`` enforces it in every response, ``visits`` counts without identifying.
"""
