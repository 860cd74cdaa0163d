"""A home is bound to the place of its tables, and a prefix of an object store to its home.

Otherwise a run with another setting would begin again with empty tables, or two homes would write the same ones.
"""

import pyarrow as pa

from xnai_pipelines.errors import SettingsError
from xnai_pipelines.extras import require
from xnai_pipelines.state.claim import unwritable
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.lance_files import table_folders
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.sharing import taken_over
from xnai_pipelines.state.table_place import Bucket, place_of, record_bucket
from xnai_pipelines.state.tables import Tables

# The one row is the id of the home that the tables of a prefix belong to.
OWNER = TableSpec("owner", "home", pa.schema([("home", pa.string())]))


def claim_tables(home: Home, address: str | None) -> None:
    """Bind the home's tables to a prefix of an object store; None: they stay where they are.

    Raises:
        SettingsError: They lie elsewhere already, or the prefix belongs to another home.
        HomeError: The store cannot be reached, or the home not be written.
    """
    if address is None:
        return
    place, bucket = place_of(home), Bucket(address)
    if place == bucket:
        return
    if isinstance(place, Bucket) or table_folders(place):
        raise SettingsError(
            f"XNAI_LANCEDB_URI is {address!r}; the tables of {home.root} are in {place}. Set it back or unset it, or "
            "set XNAI_HOME to a new folder."
        )
    require("s3", "XNAI_LANCEDB_URI")  # releases are shared beside the tables
    tables, mine = Tables(bucket), home_id(home)
    if not tables.count(OWNER):
        tables.merge_rows(OWNER, [{OWNER.key: mine}])
    if tables.ids(OWNER) != {mine}:
        raise SettingsError(
            f"XNAI_LANCEDB_URI is {address!r}, which has the tables of another home. Use one prefix for each XNAI_HOME."
        )
    try:
        record_bucket(home, bucket)
    except OSError as error:
        raise unwritable(home, error) from error


def require_tables(home: Home) -> None:
    """Raise if another home has taken over the prefix of the tables.

    Raises:
        HomeError: It has, or the store cannot be reached.
    """
    place = place_of(home)
    if isinstance(place, Bucket) and Tables(place).ids(OWNER) != {home_id(home)}:
        raise taken_over(home, place)
