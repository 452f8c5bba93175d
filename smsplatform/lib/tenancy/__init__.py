"""Tenant isolation: shared tables, forced row security, and a workspace context the database can verify.

The parts: ``roles`` (who may log in), ``context`` (tokens that prove a workspace), ``scope`` (the Python
side), ``operations`` and ``models`` (what migrations and models declare), ``catalogue`` (the checks that
read the live database and say whether all of it is in force). docs/adr/0002 tells why.
"""
