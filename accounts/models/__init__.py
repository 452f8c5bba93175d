"""Who someone is and what they may do."""

from accounts.models.api_key import ApiKey
from accounts.models.invitation import Invitation
from accounts.models.join_request import JoinRequest
from accounts.models.membership import Membership
from accounts.models.user import User
from accounts.models.workspace import Workspace

__all__ = ["ApiKey", "Invitation", "JoinRequest", "Membership", "User", "Workspace"]
