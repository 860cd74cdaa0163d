"""The check that nothing evaluated is trained on."""

import dagster as dg

from xnai_pipelines.adapters.training_pairs import leaked_documents
from xnai_pipelines.defs.resources.stores import StoresResource

NAMED = 20


@dg.asset_check(asset="training_pairs", blocking=True)
def apart_from_test_questions(stores: StoresResource) -> dg.AssetCheckResult:
    """No training pair holds a document that answers a question of the validation or test split."""
    leaked = leaked_documents(stores.tables)
    return dg.AssetCheckResult(
        passed=not leaked,
        metadata={"documents": len(leaked), "pairs_by_document": dict(sorted(leaked.items())[:NAMED])},
    )
