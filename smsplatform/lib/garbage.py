"""The cyclic garbage collector of a long-lived process.

What a process has loaded by the time it serves stays until it ends: modules, models, routes, some hundred thousand
objects that each full collection would visit in vain. And the default, a collection every 700 objects, is a hundred
times a second under load, when nearly all objects go by reference count.
"""

import gc

YOUNG = 20_000  # objects made before the youngest are looked at
OLDER = 20


def settle() -> None:
    """Set aside what is there by now, and collect less often from here on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDER)
