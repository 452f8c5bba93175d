"""What ``manage.py privacy`` can do, one module each.

A module has ``HELP``, ``arguments(parser)`` and ``run(command, **options)``."""
