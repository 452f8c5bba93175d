"""Whose data, what kinds of it, and what for: the words that the declarations of all apps use.

Keys of subjects and categories are ours; ``data_category`` and ``data_use`` map them to the Fides taxonomy, which has
no word for the recipient of a message. Legal bases are the operator's to confirm with a lawyer.
"""

from privacy.registry import Activity, Category, Recipient, Store, Subject, declare

SUBJECTS = (
    Subject(
        key="account_holder",
        label="People who sign in for a workspace",
        identities=("email", "user_id", "wallet"),
        proofs=("session", "mail_link", "wallet_signature"),
        source="Themselves, their browser and their use of the service",
    ),
    Subject(
        key="recipient",
        label="People a message is sent to",
        identities=("msisdn",),
        proofs=("sms_code",),
        source="The workspace that sends, and the networks that deliver",
    ),
    Subject(
        key="staff",
        label="The operator's staff",
        identities=("email", "user_id"),
        proofs=("session",),
        source="The operator, their browser and what they do here",
    ),
)

ACTIVITIES = (
    Activity(
        key="deliver_message",
        purpose="Deliver the messages a workspace sends and tell it what became of them",
        role="processor",
        basis="The workspace's own basis and instructions",
        subjects=("recipient",),
        data_use="essential.service.operations",
        recipients=("carrier", "webhook_endpoint"),
    ),
    Activity(
        key="keep_account",
        purpose="Let people sign in and run their workspace",
        role="controller",
        basis="Contract",
        subjects=("account_holder", "staff"),
        data_use="essential.service.authentication",
    ),
    Activity(
        key="bill",
        purpose="Charge for messages and keep the books",
        role="controller",
        basis="Legal obligation",
        subjects=("account_holder",),
        data_use="essential.legal_obligation",
    ),
    Activity(
        key="secure_platform",
        purpose="Keep the platform safe and prove who did what",
        role="controller",
        basis="Legitimate interest",
        subjects=("account_holder", "staff"),
        data_use="essential.service.security",
        objection="weigh",
    ),
    Activity(
        key="answer_requests",
        purpose="Answer what people ask about their data, and prove that it was answered",
        role="controller",
        basis="Legal obligation",
        subjects=("recipient", "account_holder", "staff"),
        data_use="essential.legal_obligation",
    ),
    Activity(
        key="respect_objection",
        purpose="Not send to people who objected or opted out",
        role="processor",
        basis="Legal obligation",
        subjects=("recipient",),
        data_use="essential.legal_obligation",
    ),
)

CATEGORIES = (
    Category(key="none", label="Nothing about a person", sensitivity=0, erase="keep"),
    Category(
        key="msisdn",
        label="Phone number",
        sensitivity=2,
        data_category="user.contact.phone_number",
        form="sealed",
        export="both",
        erase="shred",
    ),
    Category(
        key="body",
        label="Text of a message",
        sensitivity=3,
        data_category="user.content.private",
        form="sealed",
        export="both",
        erase="shred",
    ),
    Category(
        key="opaque",
        label="Anything the customer put there",
        sensitivity=3,
        data_category="user.content",
        form="sealed",
        export="tenant",
        erase="shred",
    ),
    Category(
        key="email",
        label="E-mail address",
        sensitivity=2,
        data_category="user.contact.email",
        form="sealed",
        export="subject",
        erase="pseudonymise",
    ),
    Category(
        key="name",
        label="Name of a person",
        sensitivity=1,
        data_category="user.name",
        form="sealed",
        export="subject",
        erase="clear",
    ),
    Category(
        key="sender",
        label="Sender address of a workspace",
        sensitivity=1,
        data_category="user.contact.phone_number",
        form="sealed",
        export="tenant",
    ),
    Category(
        key="address",
        label="Network address",
        sensitivity=1,
        data_category="user.device.ip_address",
        form="sealed",
        export="subject",
    ),
    Category(
        key="wallet",
        label="Address of a wallet",
        sensitivity=2,
        data_category="user.financial",
        form="sealed",
        export="tenant",
    ),
    Category(
        key="secret",
        label="Secret that gives access",
        sensitivity=3,
        data_category="user.authorization.credentials",
        form="sealed",
    ),
    Category(
        key="session",
        label="Session of a browser",
        sensitivity=2,
        data_category="user.unique_id.pseudonymous",
        form="sealed",
    ),
    Category(
        key="delivery_meta",
        label="When, where to and how a message went",
        sensitivity=1,
        data_category="user.behavior",
        export="both",
    ),
    Category(
        key="person_id",
        label="Random id of a person or key",
        sensitivity=1,
        data_category="user.unique_id",
        export="tenant",
        erase="pseudonymise",
    ),
    Category(
        key="account_meta",
        label="When and how an account is used",
        sensitivity=1,
        data_category="user.account",
        export="subject",
    ),
    Category(
        key="workspace_meta",
        label="Settings of a workspace",
        sensitivity=0,
        data_category="system.operations",
        export="tenant",
    ),
    Category(
        key="money",
        label="Prices and payments",
        sensitivity=1,
        data_category="user.financial",
        export="tenant",
        erase="keep",
    ),
)

STORES = (
    Store(
        name="broker",
        kept="until the task ran",
        holds=(),
        how="task arguments are ids, refused otherwise (smsplatform/lib/tasks.py)",
    ),
    Store(
        name="rate limits",
        kept="seconds",
        holds=(),
        how="keys are ids of API keys and workspaces",
    ),
    Store(
        name="logs",
        kept="as long as the operator's collector keeps them",
        holds=(),
        how="the redacting processor of smsplatform/lib/logs.py; databases log without values",
    ),
    Store(
        name="memory of web and worker processes",
        kept="10 minutes for keys, seconds for everything else",
        holds=("msisdn", "body", "sender", "secret"),
        how="unwrapped keys live in the key ring only and are never written",
    ),
    Store(name="session cookie", kept="14 days", holds=("session",), how="random id, HttpOnly, no content"),
)

RECIPIENTS = (
    Recipient(
        key="carrier",
        name="The carriers whose accounts the operator entered",
        role="controller",
        holds=("msisdn", "body", "sender"),
    ),
    Recipient(
        key="webhook_endpoint",
        name="The addresses a workspace registered",
        role="controller",
        holds=("delivery_meta",),
    ),
)


def install() -> None:
    """Declare all of it. Called once, before the apps' own declarations."""
    declare(*SUBJECTS, *ACTIVITIES, *CATEGORIES, *STORES, *RECIPIENTS)
