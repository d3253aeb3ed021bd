"""What must have become of a person at the end."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """The end: the app's outcome and reason words, the registered mobile phone (E.164), perUserMfaState."""

    outcome: str
    reasons: frozenset[str]
    phone: str | None
    state: str

    def fits_graph(self, phone: str | None, state: str) -> bool:
        """Whether Graph holds what it should."""
        return (phone, state) == (self.phone, self.state)

    def fits_word(self, outcome: str, reasons: frozenset[str]) -> bool:
        """Whether the app says what it should."""
        return (outcome, reasons) == (self.outcome, self.reasons)


def expect(outcome: str, *reasons: str, phone: str | None = None, state: str = "disabled") -> Expectation:
    """The end in words; unless said otherwise without a phone and without MFA."""
    return Expectation(outcome, frozenset(reasons), phone, state)


def filled(phone: str, *reasons: str) -> Expectation:
    """The good end. Graph makes `enforced` of `enabled` as soon as there is a method."""
    return expect("done", *reasons, phone=phone, state="enforced")


def refused(reason: str) -> Expectation:
    """The number is of no use; without a method there must be no MFA state either."""
    return expect("refused", reason, "noMethod")
