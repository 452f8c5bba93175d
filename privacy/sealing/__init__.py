"""The audit log sealed: each minute under a key, each day in a tree, each tree under a signature.

    events ─▶ seal (each minute: ids, leaves, MAC chained to the seal before)
                └▶ segment (each UTC day: Merkle root of its leaves, RFC 6962)
                     └▶ checkpoint (signed root of the tree of segments), public

``sealer`` writes these, ``verification`` reads them against the rows and names what does not fit. A row belongs to the
seal that saw it first, whatever its id says, so a transaction that commits late is sealed late and never lost.
docs/adr/0048 tells what that proves and what not.
"""
