"""What the walks of access rules share: every method, its rule, and the names in its requests.

A field is a resource name if its comment in the contract shows the name's form, stores/{store};
any other text has to be known as plain. So no field can hold a name that the walk has not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from allinone.topology import BLUEPRINTS, contract_of
from chassis.rpc.access import Rule, path_of, rules_of
from gateway.routes.contracts import contracts_of
from tests.contract.asking import Refusal

ROLES = ("customer", "cashier", "store_manager", "franchise_owner", "platform", "service", "nobody")
COMMENTS = contracts_of([]).comments
FORM = re.compile(r"[a-z]\w*(?:/\{\w+\}|/[a-z]\w*)+")
"""A name's form within a comment: customers/{customer}/wallet."""

PLAIN = {
    "actor",
    "barcode",
    "barcodes",
    "country_code",
    "currency_code",
    "date",
    "delivery_area",
    "delivery_note",
    "department",
    "device",
    "display_name",
    "district",
    "franchise_owner",
    "gtins",
    "label",
    "locality",
    "note",
    "pack",
    "page_token",
    "payment_id",
    "phone",
    "postal_code",
    "query",
    "reason",
    "receipt_number",
    "recipient",
    "region",
    "request_id",
    "reservation_id",
    "resume_token",
    "street",
    "till",
    "time_zone",
    "traceparent",
}
"""Texts that name no resource. A new field's name comes here only if that is true of it."""

VOUCHED = "hutong.auth.v1.Caller"
"""Who a batch's item is of: believed from services only, and walked through as callers."""


def methods() -> Iterator[MethodDescriptor]:
    pool: Any = descriptor_pool.Default()
    for plan in BLUEPRINTS:
        yield from pool.FindServiceByName(contract_of(plan.name)).methods


METHODS = {path_of(method): method for method in methods()}
RULES: dict[str, Rule] = {
    path: rule
    for service in {method.containing_service for method in METHODS.values()}
    for path, rule in rules_of(service).items()
}
UNARY = [path for path in METHODS if not RULES[path].batch_of]
BATCHES = [path for path in METHODS if RULES[path].batch_of]
READING = re.compile(r"(Get|List|Find|Search|LookUp|Quote|Check|Watch)[A-Z]")


def forms_of(field: FieldDescriptor) -> tuple[str, ...]:
    """The forms that names in a field may have; none if the field holds no name."""
    text = COMMENTS.get(field.full_name, "")
    return tuple(form for form in FORM.findall(text) if "{" in form)


@dataclass(frozen=True, slots=True)
class NameField:
    """A field that holds resource names, and the way to it from the request."""

    way: tuple[FieldDescriptor, ...]
    forms: tuple[str, ...]

    @property
    def text(self) -> str:
        """The way in words: store.name."""
        return ".".join(field.name for field in self.way)

    def put(self, request: Message, name: str) -> Message:
        """A copy of the request with this name there, in the first place of what is repeated."""
        changed = type(request)()
        changed.CopyFrom(request)
        message: Any = changed
        for field in self.way[:-1]:
            inner = getattr(message, field.name)
            if field.is_repeated:
                inner = inner[0] if inner else inner.add()
            message = inner
        last = self.way[-1]
        if last.is_repeated:
            getattr(message, last.name)[:1] = [name]
        else:
            setattr(message, last.name, name)
        return changed


def text_fields(
    message: Descriptor, before: tuple[FieldDescriptor, ...] = ()
) -> Iterator[tuple[FieldDescriptor, ...]]:
    """The ways to every text in a message, at any depth."""
    for field in message.fields:
        way = (*before, field)
        inner = field.message_type
        if inner is None:
            if field.type == field.TYPE_STRING:
                yield way
        elif not inner.full_name.startswith("google.") and field not in before:
            yield from text_fields(inner, way)


def name_fields(request: Descriptor) -> list[NameField]:
    """Every field of a request that holds resource names, at any depth."""
    return [NameField(way, forms_of(way[-1])) for way in text_fields(request) if forms_of(way[-1])]


def told(path: str, answer: Message | Refusal, name: str) -> tuple[object, ...]:
    """All that an answer tells, without the ids of the name that was asked for.

    Of a change that was made only that it was made: two changes are of different things. Times,
    ids that are made here, and places in a stream differ each time.
    """
    if isinstance(answer, Refusal):
        return tuple(_without(str(part), name) for part in answer.whole)
    if not READING.match(METHODS[path].name):
        return ("answered",)
    text = re.sub(r"(seconds|nanos): \d+", "", text_format.MessageToString(answer))
    text = re.sub(r'resume_token: "[^"]*"', "", text)
    text = re.sub(r"\b(trf|ord)_[0-9a-z]{26}\b", r"\1", text)
    return ("answered", _without(text, name))


def _without(text: str, name: str) -> str:
    for number, part in enumerate(name.split("/")[1::2]):
        text = text.replace(part, f"<{number}>")
    return text
