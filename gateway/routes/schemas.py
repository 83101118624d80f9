"""JSON Schemas of messages and enums, with the rules and the comments of their contract."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from buf.validate import validate_pb2

Schema = dict[str, Any]
"""A JSON Schema object, in the vocabulary of OpenAPI 3.1."""

_BEHAVIOUR: Any = field_behavior_pb2.field_behavior
_RULES: Any = validate_pb2.field
_F = FieldDescriptor

_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {
        "type": "string",
        "description": "Names of fields, with commas between them.",
    },
}
_SCALARS: Mapping[int, Schema] = {
    _F.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    _F.CPPTYPE_UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    _F.CPPTYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
    _F.CPPTYPE_UINT64: {"type": "string", "format": "uint64", "pattern": "^[0-9]+$"},
    _F.CPPTYPE_DOUBLE: {"type": "number"},
    _F.CPPTYPE_FLOAT: {"type": "number"},
    _F.CPPTYPE_BOOL: {"type": "boolean"},
    _F.CPPTYPE_STRING: {"type": "string"},
}


class Schemas:
    """Makes schemas, and gathers the named ones that they refer to."""

    def __init__(self, comments: Mapping[str, str]) -> None:
        self._comments = comments
        self.named: dict[str, Schema] = {}

    def reference(self, kind: Descriptor) -> Schema:
        """A reference to the schema of a message."""
        if kind.full_name not in self.named:
            self.named[kind.full_name] = {}
            self.named[kind.full_name] = self.message(kind)
        return _reference(kind.full_name)

    def message(
        self,
        kind: Descriptor,
        *,
        without: Collection[str] = (),
        optional: Collection[str] = (),
        all_optional: bool = False,
    ) -> Schema:
        """The schema of a message itself, less some fields, some of the others not required."""
        fields = [field for field in kind.fields if field.name not in without]
        made: Schema = {
            "type": "object",
            "properties": {field.json_name: self.field(field) for field in fields},
            "additionalProperties": False,
        } | self._description(kind.full_name)
        required = [
            field.json_name
            for field in fields
            if is_required(field) and field.name not in optional and not all_optional
        ]
        if required:
            made["required"] = required
        choices = [choice for choice in kind.oneofs if len(choice.fields) > 1]
        if len(choices) == 1:
            names = [field.json_name for field in choices[0].fields]
            made["oneOf"] = [{"required": [name]} for name in names]
        return made

    def field(self, field: FieldDescriptor) -> Schema:
        """The schema of a field's values."""
        rules = rules_of(field)
        made = self._value(field, rules)
        if field.is_repeated:
            made = {"type": "array", "items": made} | _array_rules(rules)
        if field_behavior_pb2.OUTPUT_ONLY in _behaviours(field):
            made["readOnly"] = True
        return made | self._description(field.full_name)

    def _value(self, field: FieldDescriptor, rules: validate_pb2.FieldRules) -> Schema:
        if field.message_type is not None:
            known = _WELL_KNOWN.get(field.message_type.full_name)
            return self.reference(field.message_type) if known is None else dict(known)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        inner = rules.repeated.items if field.is_repeated else rules
        return dict(_SCALARS[field.cpp_type]) | _scalar_rules(inner)

    def _enum(self, kind: EnumDescriptor) -> Schema:
        if kind.full_name not in self.named:
            said = [self._comments.get(kind.full_name, "")]
            said += [
                f"{value.name}: {self._comments[f'{kind.full_name}.{value.name}']}"
                for value in kind.values
                if f"{kind.full_name}.{value.name}" in self._comments
            ]
            names = [value.name for value in kind.values]
            text = "\n\n".join(each for each in said if each)
            self.named[kind.full_name] = {"type": "string", "enum": names, "description": text}
        return _reference(kind.full_name)

    def _description(self, full_name: str) -> Schema:
        comment = self._comments.get(full_name)
        return {} if comment is None else {"description": comment}


def is_required(field: FieldDescriptor) -> bool:
    """Whether the contract says that a request needs the field."""
    return field_behavior_pb2.REQUIRED in _behaviours(field)


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """The rules that the contract declares for a field's values."""
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[_RULES]
    return rules


def _behaviours(field: FieldDescriptor) -> Collection[int]:
    behaviours: Collection[int] = field.GetOptions().Extensions[_BEHAVIOUR]
    return behaviours


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _array_rules(rules: validate_pb2.FieldRules) -> Schema:
    made: Schema = {}
    if rules.repeated.HasField("min_items"):
        made["minItems"] = rules.repeated.min_items
    if rules.repeated.HasField("max_items"):
        made["maxItems"] = rules.repeated.max_items
    if rules.repeated.unique:
        made["uniqueItems"] = True
    return made


def _scalar_rules(rules: validate_pb2.FieldRules) -> Schema:
    made: Schema = {}
    text = rules.string
    if text.HasField("pattern"):
        # RE2 writes a code point as \x{200b}, JavaScript as \u200b.
        made["pattern"] = re.sub(r"\\x\{([0-9a-f]{4})\}", r"\\u\1", text.pattern)
    if text.HasField("min_len"):
        made["minLength"] = text.min_len
    if text.HasField("max_len"):
        made["maxLength"] = text.max_len
    if text.uuid:
        made["format"] = "uuid"
    if rules.HasField("int32") and rules.int32.HasField("gte"):
        made["minimum"] = rules.int32.gte
    return made
