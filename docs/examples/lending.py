"""An ordinary application of the eventsourcing library; the environment puts it on a ledger."""

from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event


class Book(Aggregate):
    """A book, and who has it."""

    @event("Registered")
    def __init__(self, title: str) -> None:
        self.title, self.reader = title, ""

    @event("Lent")
    def lend(self, reader: str) -> None:
        self.reader = reader


class Lending(Application[UUID]):
    """Registers books and lends them."""

    def register(self, title: str) -> UUID:
        book = Book(title)
        self.save(book)
        return book.id

    def lend(self, book_id: UUID, reader: str) -> None:
        book: Book = self.repository.get(book_id)
        book.lend(reader)
        self.save(book)


if __name__ == "__main__":
    with Lending() as app:
        app.lend(app.register("民法典"), reader="R-001")
        for item in app.notification_log["1,10"].items:
            print(item.id, item.topic, item.state.decode())  # noqa: T201
