"""Who someone is and what they may do."""

from accounts.models.api_key import ApiKey
from accounts.models.closing_wish import ClosingWish
from accounts.models.email_change import EmailChange
from accounts.models.grant import StaffGrant
from accounts.models.invitation import Invitation
from accounts.models.join_request import JoinRequest
from accounts.models.known_device import KnownDevice
from accounts.models.membership import Membership
from accounts.models.notification import Notification, NotificationChoice
from accounts.models.passkey import PasskeyName
from accounts.models.proposal import StaffProposal
from accounts.models.recovery import RecoveryCode, RecoveryCodes
from accounts.models.session import Session
from accounts.models.support import SupportEntry, SupportThread
from accounts.models.token import RefreshToken, SigningKey
from accounts.models.totp import TotpDevice
from accounts.models.user import User
from accounts.models.workspace import Workspace

__all__ = [
    "ApiKey",
    "ClosingWish",
    "EmailChange",
    "Invitation",
    "JoinRequest",
    "KnownDevice",
    "Membership",
    "Notification",
    "NotificationChoice",
    "PasskeyName",
    "RecoveryCode",
    "RecoveryCodes",
    "RefreshToken",
    "Session",
    "SigningKey",
    "StaffGrant",
    "StaffProposal",
    "SupportEntry",
    "SupportThread",
    "TotpDevice",
    "User",
    "Workspace",
]
