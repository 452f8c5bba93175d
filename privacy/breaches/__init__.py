"""The breach desk: what happened, whom it concerns, what the law's clocks say, who was told, and the proof of it.

``register`` writes, ``scoping`` computes who is affected from the inventory, ``clocks`` tells what is due, ``notices``
reaches people. A drill goes the same way and sends nothing outside.
"""
