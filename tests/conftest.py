"""Fixtures every test may use. Servers and databases come from ``smsplatform/quickstart/pytest_plugin.py``."""
