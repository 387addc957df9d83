"""What a person writes of a warning: one strict form for options, files and later editing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.incident.words import LOCAL
from tlsec.register.refused import Refused


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError(_("含有不能保存的字符（NUL）"))
    return text


Text = Annotated[str, Field(max_length=4000), AfterValidator(_storable)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_storable)]


def time_of(text: object) -> object:
    """2026-11-24, "2026-11-24 08:00" (Asia/Shanghai) or ISO with a zone; anything else as it is."""
    if isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise ValueError(_("应为日期时间，如 2026-03-05 08:00")) from error
        return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(time_of)]


class Draft(BaseModel):
    """A warning as it is written. What is not given stays as it was, or empty."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: Annotated[Line, Field(min_length=1)]
    category: Annotated[str, Field(min_length=1, max_length=60)]
    source: Annotated[str, Field(pattern="^(superior|monitor|vendor|cnvd|other)$")] = "other"
    source_ref: Line = ""
    importance: Annotated[str, Field(max_length=20)] = ""
    damage: Annotated[str, Field(max_length=20)] = ""
    cii: bool = False
    flaw: Annotated[Line, Field(max_length=60)] = ""
    flaw_level: Annotated[Line, Field(max_length=20)] = ""
    starts: Moment | None = None
    until: Moment | None = None
    discovered: Moment | None = None
    nature: Text = ""
    threat: Text = ""
    products: Annotated[list[Line], Field(max_length=50)] = []
    zones: Annotated[list[Line], Field(max_length=50)] = []
    scope: Text = ""
    effect: Text = ""
    advice: Text = ""
    measures: Text = ""
    handle_by: Moment | None = None
    feedback: Annotated[Text, Field(max_length=1000)] = ""
    secrecy: Annotated[Line, Field(max_length=40)] = ""
    circulation: Line = ""
    attachments: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=20)] = []
    drill: bool = False


def read(values: dict[str, Any]) -> Draft:
    """From options. Raises Refused with a sentence a fault."""
    try:
        return Draft.model_validate(values)
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, item['loc']))}: {marked_yaml.say(dict(item))}"
            for item in error.errors(include_url=False)
        ]
        raise Refused(*said) from error


def read_file(path: Path) -> dict[str, Any]:
    """A YAML file of the form, checked. Raises Faulty with file:line. The values as given."""
    marked = marked_yaml.load(path)
    given = marked_yaml.parse(Draft, marked)
    return given.model_dump(include=given.model_fields_set)
