"""A simulated carrier: a real SMPP server with scripted behaviour and phones that remember what they received.

It needs neither Django nor a database: ``python -m messaging.sandbox --port 2775 --control 127.0.0.1:2776``.
"""
