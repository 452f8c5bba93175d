"""What authorities demand: a register, two people who decide, the holder who is told first, and the least that answers.

    draft ──▶ valid ──▶ told ──▶ approved ──(package)──▶ handed over
      └────▶ refused       └──────── withdrawn ◀────────┘

``told`` means that the notice was ordered, or that the law named in the case forbids it for now. docs/runbooks/
disclosure.md says what people do at each step.
"""
