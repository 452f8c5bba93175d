"""Live checks of what privacy itself does, one file per area: every module here is imported at start-up.

Checks of other apps are in their ``promises.py``. They are not in ``privacy.promises`` because what they look at
may use the register itself.
"""

from importlib import import_module
from pkgutil import iter_modules

for found in iter_modules(__path__):
    import_module(f"{__name__}.{found.name}")
