"""The web process: bounds of what arrives, the guard, and the gate in front of Django."""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsplatform.settings")
django = get_asgi_application()

from messaging.gate import App, Gate  # noqa: E402  # models can be imported only once Django is set up
from smsplatform.arrival import Arrival  # noqa: E402  # as above
from smsplatform.guard import RestoreGuard  # noqa: E402  # as above
from smsplatform.lib import garbage  # noqa: E402  # as above

application = Arrival(RestoreGuard(Gate(cast(App, django))))
garbage.settle()
