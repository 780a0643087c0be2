"""The demo: a county that one can look around in, loaded through the real command path.

Real are the county, its two streets and 43 communities, and the figures of the cases that a
source document tells (``cases.py``, ``escalations.py``, ``leases.py``). All else is synthetic:
drawn from a fixed seed, and labelled so (names end in （演示）, codes, references and posts
begin with ``demo``). Each subject writes ``Step``\\ s: a command, who gives it and when;
``plan.py`` puts them in order of time and ``loading.py`` gives them to the ledger.
"""
