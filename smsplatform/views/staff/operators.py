"""Who may change how the platform runs. All staff may look, since nothing of customers is shown."""

from django.http import HttpRequest

from accounts.models import User
from accounts.models.user import StaffRole

OPERATORS = (StaffRole.ADMIN, StaffRole.SUPPORT)


def operates(request: HttpRequest) -> bool:
    """Whether this person may change something, and is shown the buttons."""
    return isinstance(request.user, User) and request.user.staff_role in OPERATORS
