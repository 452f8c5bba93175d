"""What people ask about their data: who they are, what they want, until when, and what became of it.

``states`` and ``deadlines`` are rules without input or output; ``proofs`` shows who somebody is; ``desk`` moves a
request on; ``tickets`` are what workspaces, as controllers, are told; ``watching`` keeps the time.
"""
