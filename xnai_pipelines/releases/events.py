"""What happened to the model, from releases and decisions: marks on the accuracy history."""

from datetime import datetime

from xnai_pipelines.evaluation.timeline import Event, EventKind
from xnai_pipelines.releases.decision import Outcome, decisions
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import MoveKind, Releases


def model_events(home: Home) -> list[Event]:
    """Return the moves of the release pointer and the retrainings with their causes, oldest first."""
    moves = Releases(home.releases).moves()
    events = [
        Event(
            datetime.fromisoformat(move.at),
            EventKind.ROLLBACK if move.kind is MoveKind.ROLLED_BACK else EventKind.RELEASE,
            f"release {move.release}",
        )
        for move in moves
    ]
    for decision in decisions(home.decisions):
        kind = EventKind.REJECTED if decision.outcome is Outcome.REJECTED else EventKind.RETRAINING
        events.append(Event(decision.decided_at, kind, decision.cause or "asked for"))
    return sorted(events, key=lambda event: event.at)
