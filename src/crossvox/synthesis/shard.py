"""A part of a cohort, where several processes share one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crossvox.cohort import Case
from crossvox.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Every `count`-th case from the `index`-th, which counts from 0."""

    index: int
    count: int

    def of(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """This shard's cases; the shards of a cohort have every case once.

        A single case is in every shard: an array of jobs that names a file each is no cohort.
        """
        if len(cases) == 1:
            return tuple(cases)
        return tuple(sorted(cases, key=lambda case: case.name)[self.index :: self.count])


WHOLE = Shard(index=0, count=1)


def parse_shard(text: str) -> Shard:
    """The shard written as "i/n", i from 1 to n.

    Raises:
        SettingsError: It is not written so.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise SettingsError(f"--shard {text}: write it as i/n, i from 1 to n, such as 2/8")
    return Shard(index=int(found[1]) - 1, count=int(found[2]))
