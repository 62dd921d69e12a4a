"""Shards of a cohort that several processes predict together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crossvox.cohort import Case
from crossvox.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Every `count`-th case of a cohort, starting at case `index`, counted from 0."""

    index: int
    count: int

    def of(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """Cases of this shard; the shards of a cohort contain every case once.

        A single case is in every shard, because each job of an array may name its own file.
        """
        if len(cases) == 1:
            return tuple(cases)
        return tuple(sorted(cases, key=lambda case: case.name)[self.index :: self.count])


WHOLE = Shard(index=0, count=1)


def parse_shard(text: str) -> Shard:
    """Parse a shard written as "i/n", with i from 1 to n.

    Raises:
        SettingsError: `text` is not of that form.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise SettingsError(f"--shard {text}: write it as i/n, i from 1 to n, such as 2/8")
    return Shard(index=int(match[1]) - 1, count=int(match[2]))
