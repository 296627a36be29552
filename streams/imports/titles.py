"""Titles: what the names of columns, titles and units say of figures, in several languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

_THOUSANDS = re.compile(
    r"(?i)\bthousands\b|\bin thousand\b|\bthousand (?:persons|people|visitors)\b|\bmillions?\b|\bmio\b|\bmln\b"
    r"|[(\s]['’`]?000s?\)|^['’`]?000s?$"  # noqa: RUF001 - typographic apostrophes
    r"|\bmiles de\b|\ben miles\b|\bmilhares\b|\bmilliers\b|\bmigliaia\b|\btausend|\btsd\b|\bduizend|\btusen\b|\btys\."
    r"|тыс|млн|千人|千名|万人"
)
_NO_NUMBER_OF_PEOPLE = re.compile(
    r"(?i)%|\bper ?cent\b|\bprozent\b|\bshare\b|\banteil\b|\bproportion\b|\bratio\b|\bindex\b|\bchange\b|\bgrowth\b"
    r"|\bveränderung|\bvariaci[oó]n|\bvariation\b|\bendring\b|\bförändring|доля|прирост|изменени"
    r"|\bnet\b|\bnetto\b|\bbalance\b|\bsaldo\b|\bsolde\b|сальдо"
    r"|\bhouseholds?\b|\bhh\b|\bfamilies\b|\bfamil(?:ia|le|ien)s?\b|\bhogares\b|\bménages\b|\bhaushalte\b|домохозяйств|семей"
    r"|\brates?\b(?! of)|\bquote\b|\btaux\b|\btasa\b|\bper (?:100|1)[ ,.']?000\b"
    r"|\bper (?:capita|million)\b|\bje 1[ .]?000\b|на 1000"
    r"|\bstandard errors?\b|\bmargin of error\b|\bconfidence\b|\+/-|±"
)
_AVERAGE = re.compile(
    r"(?i)\baverages?\b|\bavg\b|\bmean\b|\bmedian\b|\bdaily rate\b|\bper day\b|\ba[ad]dt\b|\bdtv\b|\btmja\b|\bimda?\b"
    r"|durchschnitt|\bmittelwert|\bmoyennes?\b|\bpromedio\b|\bmedia (?:diaria|giornaliera)\b|\bśredni"
    r"|среднесут|в среднем|(?<!\w)ø(?!\w)"
)
_CUMULATIVE = re.compile(
    r"(?i)\bcumul|\bkumul|\bskumul|\bacumulad|\b(?:f?ytd)\b|\b(?:year|month)[- ]to[- ]date\b|\bso far\b|\bsince\b"
    r"|нараст|накопл|начала года|\bseit\b|\bdepuis\b|\bdesde\b|累計|累计|누계"
)
_VEHICLES = re.compile(
    r"(?i)\bvehicles?\b|\bcars?\b|\btrucks?\b|\blorr(?:y|ies)\b|\bbuses\b|\btrains\b|\bflights?\b"
    r"|\bcontainers?\b|\baircraft\b|\bkfz|\bpkw|\blkw|fahrzeug|\bveh[ií]culos?\b|\bcamiones\b|\bcamions\b"
    r"|\bvéhicules?\b|\bsamochod|\bautomobil|\baraç|транспортн|автомоб|грузов"
)
_PEOPLE = re.compile(
    r"(?i)passenger|\bpersons?\b|people|travell?er|occupant|driver|crew|pasajer|passag|viajer|пассажир|reisende"
)
_STOCK = re.compile(
    r"(?i)\bstocks?\b|\bpresent\b|\bidps?\b|\brefugee population\b|\bhosted\b"
    r"|\bin (?:camps?|cent(?:re|er)s?|shelters?)\b"
    r"|\boccupancy\b|\bbestand\b|состоят на учете|пребывают"
)
_BOTH_WAYS = re.compile(
    r"(?i)\b(?:both|all) (?:directions|ways)\b|\btwo[- ]way\b|\b(?:entries|arrivals|inbound|in) (?:and|&|\+) "
    r"(?:exits|departures|outbound|out)\b|\bambos sentidos\b|\bbeide richtungen\b|\bdeux sens\b"
    r"|обоих направлени"
)
_IN = re.compile(
    r"(?i)e|i|in|inbound|entr(?:y|ies|ada|adas|ée|ées|ate)|arriv(?:al|als|ée|ées|i)|einreisen?|wjazd|ulazi?|入境|въезд"
)
_OUT = re.compile(
    r"(?i)s|o|x|out|outbound|exits?|departures?|sa[ií]das?|salidas?|sorties?|départs?|uscite|partenze|ausreisen?|wyjazd"
    r"|izlazi?|出境|выезд"
)
_ENDING = re.compile(
    r"(?i)\bending\b|\bw/e\b|\bweek to\b|\bended\b|\bbis\b|\bendend|termin|заканч|\bhasta\b|\bdo dnia\b"
)
_JOINT = re.compile(r"_|(?<=[a-z])(?=[A-Z])")
"""Where the technical name of a column has one word after another: `tot_hh`, `TotalHouseholds`."""


def _says(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(_JOINT.sub(" ", text)) is not None


def says_thousands(text: str) -> bool:
    """Whether a title, a name or a unit says that figures are in thousands or millions."""
    return _says(_THOUSANDS, text)


def is_no_number_of_people(name: str) -> bool:
    """Whether the name of a column says that it holds shares, changes, errors, net flows or households."""
    return _says(_NO_NUMBER_OF_PEOPLE, name)


def says_average(name: str) -> bool:
    """Whether the name of a column says that it holds averages, such as people a day."""
    return _says(_AVERAGE, name)


def says_cumulative(name: str) -> bool:
    """Whether the name of a column says that its figures count from a fixed day on."""
    return _says(_CUMULATIVE, name)


def says_vehicles(name: str) -> bool:
    """Whether a name says vehicles, and not the people in them."""
    return _says(_VEHICLES, name) and not _says(_PEOPLE, name)


def says_stock(name: str) -> bool:
    """Whether the name of a column says that it holds people who are there, and not those who cross."""
    return _says(_STOCK, name)


def says_both_ways(name: str) -> bool:
    """Whether the name of a column says that its figures are of both directions together."""
    return _says(_BOTH_WAYS, name)


def directions_in(words: Iterable[str]) -> tuple[str, str] | None:
    """The first word that means entries, and the first that means exits; None where one of them is lacking."""
    first_in = first_out = None
    for word in words:
        first_in = first_in or (word if _IN.fullmatch(word.strip()) else None)
        first_out = first_out or (word if _OUT.fullmatch(word.strip()) else None)
    return (first_in, first_out) if first_in is not None and first_out is not None else None


def says_ending(name: str) -> bool:
    """Whether the name of a column says that its days end their periods, such as `Week ending`."""
    return _says(_ENDING, name)
