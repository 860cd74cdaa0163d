"""A home that follows another takes over as the writer of its tables, as when the other one's machine is lost."""

import os
import uuid
from collections.abc import Callable
from dataclasses import replace

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.locks import FOLLOWS, WRITER, leased
from xnai_pipelines.state.sharing import DOCUMENTS, LIST, objects_at, read_list, write_list
from xnai_pipelines.state.table_claim import OWNER
from xnai_pipelines.state.table_place import Bucket
from xnai_pipelines.state.tables import Tables


def take_over(home: Home, address: str, say: Callable[[str], None]) -> int:
    """Make a home that follows another, or an empty one, the writer of its tables; return its current release.

    The other home's runs are refused from then on. If homes have leases, a run at work there ends first, or has lost
    its lease. A call that was killed is completed by the next one.

    Raises:
        HomeError: The store cannot be reached, nothing is shared there, a run shared meanwhile, or the home has a
            release of its own.
        DamagedArtefactError: A shared file does not match its card.
    """
    follower, objects = Follower(home, address), objects_at(address)
    follower.catch_up()  # by which the leases are those of the other home
    with leased(home, WRITER, f"process {os.getpid()}", say):
        content, tag = objects.read_tagged(LIST)
        if content is None:
            raise HomeError(f"What was shared in {address} is gone.")
        shared, mine = read_list(content, address), uuid.uuid4().hex
        Tables(Bucket(objects.address)).replace(OWNER, [{OWNER.key: mine}])
        claimed = replace(shared, texts={**shared.texts, "home_id": f"{mine}\n"})
        if not objects.replace(LIST, write_list(claimed), tag):
            raise HomeError(f"A run has shared a release in {address} meanwhile. Take over again.")
    follower.catch_up()
    for name in ("home.json", DOCUMENTS, FOLLOWS):  # the first run binds it to a documents folder
        remove(home.root / name)
    return shared.release
