"""The port's adapter: a file by its format, and the feeds that are known by name."""

from functools import partial
from typing import Final

from domain.market.imports import FileFormat
from domain.ports.exchange import Feed, SentFile
from integrations.exchange.bulletins import read_bulletins
from integrations.exchange.feeds import FEEDS
from integrations.exchange.notices import read_notice
from integrations.exchange.reading import Findings, Reading, Rows
from integrations.exchange.spreadsheets import read_csv, read_xlsx


class ExchangeFileReader:
    """Reads files of exchanges; it keeps nothing between two of them."""

    def read(self, sent: SentFile) -> Reading:
        """Begin to read a file."""
        return Reading(partial(_rows, sent))

    def feed(self, name: str) -> Feed | None:
        """Return a feed by its name."""
        return _BY_NAME.get(name)


def _rows(sent: SentFile, findings: Findings) -> Rows:
    if sent.format is FileFormat.CEA_BULLETIN:
        return read_bulletins(sent.content, sent.name, findings)
    if sent.format is FileFormat.AUCTION_NOTICE:
        return read_notice(sent.content, sent.defaults, findings)
    if sent.format is FileFormat.CSV:
        return read_csv(sent.content, sent.defaults, findings)
    return read_xlsx(sent.content, sent.defaults, findings)


_BY_NAME: Final = {feed.name: feed for feed in FEEDS}
