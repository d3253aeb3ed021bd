"""The roll: every person of the dataset with what happened, what the app says, and whether that is the end expected."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dev.demo.app_client import Word
from dev.demo.chronicle import Chronicle, Story
from dev.demo.expectation import Expectation
from dev.demo.person import Person


@dataclass(slots=True, eq=False)
class Case:
    """One person during the demo. `changed`: what comes later for this person has been done.

    `untold`: and the app cannot know, as the notification of it was lost and no sweep finds it.
    """

    person: Person
    user_id: str | None = None
    story: Story | None = None
    word: Word | None = None
    changed: bool = False
    untold: bool = False
    asked_at: float = 0.0

    @property
    def expected(self) -> Expectation:
        """The end to wait for now. Who has not been told of a change still says what was right before."""
        first, later = self.person.expected, self.person.later
        if later is None or not self.changed:
            return first
        return replace(later.expected, outcome=first.outcome, reasons=first.reasons) if self.untold else later.expected

    @property
    def held(self) -> str | None:
        """What the directory holds now."""
        return self.person.finally_held if self.changed else self.person.held

    @property
    def graph_fits(self) -> bool:
        """Whether Graph holds what it should. Only then the app is asked: its own reading must not help it."""
        return self.story is not None and self.expected.fits_graph(self.story.canonical_phone, self.story.state)

    @property
    def settled(self) -> bool:
        """Whether both Graph and the app's word are as expected."""
        word = self.word
        return self.graph_fits and word is not None and self.expected.fits_word(word.outcome, word.reasons)

    @property
    def finished(self) -> bool:
        """Settled, with nothing to come."""
        return self.settled and (self.changed or self.person.later is None)


@dataclass(slots=True)
class Roll:
    """Everyone, and the chronicle that tells of them."""

    cases: list[Case]
    chronicle: Chronicle = field(default_factory=Chronicle)
    extra: int = 0
    by_id: dict[str, Case] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Iterable[Person]) -> "Roll":
        """Nobody has come yet."""
        return cls([Case(person) for person in people])

    def came(self, case: Case, user_id: str) -> None:
        """A person has been created."""
        case.user_id = user_id
        self.by_id[user_id] = case

    def link(self) -> None:
        """Give each case its story, now that the journal has it."""
        for user_id, case in self.by_id.items():
            if case.story is None:
                case.story = self.chronicle.stories.get(user_id)

    def came_in_all(self) -> int:
        """How many people have been created."""
        return len(self.chronicle.stories)

    def unfinished(self) -> list[Case]:
        """Whoever has not ended as expected."""
        return [case for case in self.cases if not case.finished]
