"""Reports as JUnit XML: a test case an experiment, so that a CI job shows them with its tests. Pure."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from meshdev.chaos.report import ExperimentReport, Verdict

_FAILURES = (Verdict.DEVIATED, Verdict.GATE_FAILED)


def junit_of(reports: Sequence[ExperimentReport]) -> str:
    """The document; a deviation and a gate that fails are failures, what could not be done is an error."""
    suite = ET.Element(
        "testsuite",
        name="meshdev chaos",
        tests=str(len(reports)),
        failures=str(sum(report.verdict in _FAILURES for report in reports)),
        errors=str(sum(report.verdict is Verdict.ACTION_FAILED for report in reports)),
        skipped=str(sum(report.verdict is Verdict.INTERRUPTED for report in reports)),
        time=f"{sum(report.duration for report in reports):.3f}",
    )
    for report in reports:
        _case(suite, report)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _case(suite: ET.Element, report: ExperimentReport) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"{_printable(report.system)}.experiments",
        name=_printable(report.name),
        time=f"{report.duration:.3f}",
    )
    match report.verdict:
        case Verdict.HOLDS:
            pass
        case Verdict.INTERRUPTED:
            ET.SubElement(case, "skipped", message=report.verdict.value)
        case _:
            kind = "failure" if report.verdict in _FAILURES else "error"
            element = ET.SubElement(case, kind, type=report.verdict.value, message=_printable(report.summary))
            lines = [f"{it.phase}: {it.check} ({it.detail})" for it in report.checks if not it.holds]
            element.text = _printable("\n".join([report.hypothesis, *lines]))


def _printable(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(char for char in text if char >= " " or char in "\t\n")
