"""Live checks of the breach desk."""

import datetime as dt

from privacy.breaches import clocks, security_txt
from privacy.promises.model import Check, Outcome, declare


def _clocks(at: dt.datetime) -> Outcome:
    over = clocks.overdue(at=at)
    named = ", ".join(sorted({clock.audience for clock in over}))
    return Outcome(holds=not over, why=f"overdue: {named}" if over else "", evidence={"overdue": len(over)})


def _contact(at: dt.datetime) -> Outcome:
    expires = security_txt.expires()
    return Outcome(holds=expires > at, evidence={"expires": expires.isoformat()})


declare(
    Check(
        name="privacy.breach_clocks",
        method="database",
        what="No incident is open past one of its clocks without a notice or a reasoned decision",
        run=_clocks,
    ),
    Check(
        name="privacy.security_txt",
        method="configuration",
        what="The address for reports of weaknesses, security.txt, has not expired",
        run=_contact,
        fresh=dt.timedelta(days=1),
    ),
)
