"""The test of the ranking policy: whether another one would serve the questions better now."""

from xnai_pipelines.autonomy.drift import thresholds
from xnai_pipelines.autonomy.drift.report import Area, DriftTest
from xnai_pipelines.evaluation.policy_fit import PolicyFit


def policy_test(fit: PolicyFit | None) -> DriftTest:
    """Return whether the release's weight of vectors still fits its labelled train and validation questions."""
    what, statistic = "ranking policy", "gain in nDCG@10"
    if fit is None:
        words = "too few labelled train and validation questions to choose a ranking policy"
        return DriftTest(
            part=Area.RANKING,
            what=what,
            statistic=statistic,
            value=None,
            threshold=thresholds.POLICY_GAIN,
            drifted=False,
            words=words,
        )
    gain = fit.gain
    drifted = gain.low > 0 and gain.mean >= thresholds.POLICY_GAIN
    words = (
        f"the ranking policy no longer fits: a share of the vectors of {fit.better:.2f} instead of {fit.weight:.2f} "
        f"gains {gain.mean:.3f} nDCG@10 on {fit.questions} questions"
        if drifted
        else f"the share of the vectors, {fit.weight:.2f}, fits {fit.questions} questions"
    )
    return DriftTest(
        part=Area.RANKING,
        what=what,
        statistic=statistic,
        value=gain.mean,
        low=gain.low,
        high=gain.high,
        threshold=thresholds.POLICY_GAIN,
        drifted=drifted,
        words=words,
    )
