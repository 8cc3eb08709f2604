"""Says why a captured request is refused, by asking its verifier about the request and about variations of it."""

from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.explain.case import Case
from hookyard.inbound.explain.explanation import Explanation
from hookyard.inbound.explain.report import Report
from hookyard.inbound.explain.search import Search
from hookyard.inbound.explain.subject import Subject
from hookyard.inbound.verifier import BadSignature, Fetching, Key


def explain(
    capture: Capture, subject: Subject, *, at: int | None, now: int, document: bytes | None = None
) -> Explanation:
    """Explain what becomes of a captured request.

    Args:
        capture: the request.
        subject: the source that it is sent to.
        at: when it came, milliseconds UTC; None: when it says that it was sent.
        now: milliseconds UTC, for a request that says nothing about its time.
        document: what stands at the URL that the verifier needs, such as a certificate.
    """
    case = Case(capture, subject, at, now)
    report = Report(case)
    search = Search(case, report)
    report.begin()
    if not _has_all(case, report, document):
        return report.said
    came, found = case.settled()
    if isinstance(found, Key):
        report.signed(found, came)
    elif found.step == "timestamp_range" and (sent := case.in_time()) is not None:
        report.skewed(came, sent, "--at" if at is not None else "the time that the capture says it came")
        _in_time(case, report, search, sent)
    else:
        report.refused(found)
        search.variations(came, found)
    if not report.said.verified:
        search.senders(came)
    return report.said


def _has_all(case: Case, report: Report, document: bytes | None) -> bool:
    """Whether the verifier has all that it needs of its sender."""
    verifier = case.verifier
    if not isinstance(verifier, Fetching):
        return True
    try:
        url = case.needs(verifier)
        if url is not None and document is not None:
            verifier.take(url, document)
    except BadSignature as error:
        report.bad(error)
        return False
    if url is None or document is not None:
        return True
    report.lacks(url)
    return False


def _in_time(case: Case, report: Report, search: Search, at: int) -> None:
    """Say what would have become of it at a time at which it is in time."""
    found = case.verdict(at)
    if isinstance(found, Key):
        report.said.good(f"the signature is good{report.which(found, at)}: only the clocks differ, or it came late")
    else:
        report.bad(found)
        search.variations(at, found)
