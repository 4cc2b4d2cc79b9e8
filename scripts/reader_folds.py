"""An example in, the half that it is left out with when the reader is measured out: 0 or 1.

Halves never part an article or a document, so that a figure is of what the reader has seen nothing like.
"""

_FIRST_HALF = frozenset("1973_oil_crisis French_and_Indian_War Imperialism Scottish_Parliament".split())
_SECOND_HALF = frozenset("European_Union_law Huguenot Normans Warsaw".split())


def fold_of(group: str) -> int:
    """By its article where the halves of these are fixed, else by the letters of its group."""
    if group in _FIRST_HALF or group in _SECOND_HALF:
        return int(group in _SECOND_HALF)
    return sum(map(ord, group)) % 2
