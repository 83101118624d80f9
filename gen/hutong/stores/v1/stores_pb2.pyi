import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.common.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoreKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STORE_KIND_UNSPECIFIED: _ClassVar[StoreKind]
    STORE_KIND_FRESH_MARKET: _ClassVar[StoreKind]
    STORE_KIND_SMART: _ClassVar[StoreKind]
    STORE_KIND_POP_UP: _ClassVar[StoreKind]
    STORE_KIND_CORNER: _ClassVar[StoreKind]
    STORE_KIND_WAREHOUSE: _ClassVar[StoreKind]

class Capability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPABILITY_UNSPECIFIED: _ClassVar[Capability]
    CAPABILITY_CARRY_OUT: _ClassVar[Capability]
    CAPABILITY_PICKUP: _ClassVar[Capability]
    CAPABILITY_DELIVERY: _ClassVar[Capability]
    CAPABILITY_KITCHEN: _ClassVar[Capability]
    CAPABILITY_SCAN_AND_GO: _ClassVar[Capability]
    CAPABILITY_RETURNS: _ClassVar[Capability]

class DayOfWeek(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DAY_OF_WEEK_UNSPECIFIED: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_MONDAY: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_TUESDAY: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_WEDNESDAY: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_THURSDAY: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_FRIDAY: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_SATURDAY: _ClassVar[DayOfWeek]
    DAY_OF_WEEK_SUNDAY: _ClassVar[DayOfWeek]

class Serviceability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SERVICEABILITY_UNSPECIFIED: _ClassVar[Serviceability]
    SERVICEABILITY_SERVICEABLE: _ClassVar[Serviceability]
    SERVICEABILITY_OUT_OF_AREA: _ClassVar[Serviceability]
    SERVICEABILITY_CLOSED: _ClassVar[Serviceability]
    SERVICEABILITY_NO_COURIER: _ClassVar[Serviceability]
    SERVICEABILITY_NO_SLOT: _ClassVar[Serviceability]
STORE_KIND_UNSPECIFIED: StoreKind
STORE_KIND_FRESH_MARKET: StoreKind
STORE_KIND_SMART: StoreKind
STORE_KIND_POP_UP: StoreKind
STORE_KIND_CORNER: StoreKind
STORE_KIND_WAREHOUSE: StoreKind
CAPABILITY_UNSPECIFIED: Capability
CAPABILITY_CARRY_OUT: Capability
CAPABILITY_PICKUP: Capability
CAPABILITY_DELIVERY: Capability
CAPABILITY_KITCHEN: Capability
CAPABILITY_SCAN_AND_GO: Capability
CAPABILITY_RETURNS: Capability
DAY_OF_WEEK_UNSPECIFIED: DayOfWeek
DAY_OF_WEEK_MONDAY: DayOfWeek
DAY_OF_WEEK_TUESDAY: DayOfWeek
DAY_OF_WEEK_WEDNESDAY: DayOfWeek
DAY_OF_WEEK_THURSDAY: DayOfWeek
DAY_OF_WEEK_FRIDAY: DayOfWeek
DAY_OF_WEEK_SATURDAY: DayOfWeek
DAY_OF_WEEK_SUNDAY: DayOfWeek
SERVICEABILITY_UNSPECIFIED: Serviceability
SERVICEABILITY_SERVICEABLE: Serviceability
SERVICEABILITY_OUT_OF_AREA: Serviceability
SERVICEABILITY_CLOSED: Serviceability
SERVICEABILITY_NO_COURIER: Serviceability
SERVICEABILITY_NO_SLOT: Serviceability

class Store(_message.Message):
    __slots__ = ("name", "display_name", "kind", "address", "position", "time_zone", "opening_hours", "capabilities", "delivery_area", "franchise_owner", "closure", "version", "create_time", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    OPENING_HOURS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_AREA_FIELD_NUMBER: _ClassVar[int]
    FRANCHISE_OWNER_FIELD_NUMBER: _ClassVar[int]
    CLOSURE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    kind: StoreKind
    address: Address
    position: _position_pb2.Position
    time_zone: str
    opening_hours: OpeningHours
    capabilities: _containers.RepeatedScalarFieldContainer[Capability]
    delivery_area: str
    franchise_owner: str
    closure: Closure
    version: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., kind: _Optional[_Union[StoreKind, str]] = ..., address: _Optional[_Union[Address, _Mapping]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., time_zone: _Optional[str] = ..., opening_hours: _Optional[_Union[OpeningHours, _Mapping]] = ..., capabilities: _Optional[_Iterable[_Union[Capability, str]]] = ..., delivery_area: _Optional[str] = ..., franchise_owner: _Optional[str] = ..., closure: _Optional[_Union[Closure, _Mapping]] = ..., version: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Address(_message.Message):
    __slots__ = ("country_code", "region", "locality", "district", "street", "postal_code")
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    LOCALITY_FIELD_NUMBER: _ClassVar[int]
    DISTRICT_FIELD_NUMBER: _ClassVar[int]
    STREET_FIELD_NUMBER: _ClassVar[int]
    POSTAL_CODE_FIELD_NUMBER: _ClassVar[int]
    country_code: str
    region: str
    locality: str
    district: str
    street: str
    postal_code: str
    def __init__(self, country_code: _Optional[str] = ..., region: _Optional[str] = ..., locality: _Optional[str] = ..., district: _Optional[str] = ..., street: _Optional[str] = ..., postal_code: _Optional[str] = ...) -> None: ...

class OpenPeriod(_message.Message):
    __slots__ = ("open_minutes", "close_minutes")
    OPEN_MINUTES_FIELD_NUMBER: _ClassVar[int]
    CLOSE_MINUTES_FIELD_NUMBER: _ClassVar[int]
    open_minutes: int
    close_minutes: int
    def __init__(self, open_minutes: _Optional[int] = ..., close_minutes: _Optional[int] = ...) -> None: ...

class DayHours(_message.Message):
    __slots__ = ("day", "periods")
    DAY_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    day: DayOfWeek
    periods: _containers.RepeatedCompositeFieldContainer[OpenPeriod]
    def __init__(self, day: _Optional[_Union[DayOfWeek, str]] = ..., periods: _Optional[_Iterable[_Union[OpenPeriod, _Mapping]]] = ...) -> None: ...

class DateHours(_message.Message):
    __slots__ = ("date", "periods")
    DATE_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    date: str
    periods: _containers.RepeatedCompositeFieldContainer[OpenPeriod]
    def __init__(self, date: _Optional[str] = ..., periods: _Optional[_Iterable[_Union[OpenPeriod, _Mapping]]] = ...) -> None: ...

class OpeningHours(_message.Message):
    __slots__ = ("weekly", "exceptions")
    WEEKLY_FIELD_NUMBER: _ClassVar[int]
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    weekly: _containers.RepeatedCompositeFieldContainer[DayHours]
    exceptions: _containers.RepeatedCompositeFieldContainer[DateHours]
    def __init__(self, weekly: _Optional[_Iterable[_Union[DayHours, _Mapping]]] = ..., exceptions: _Optional[_Iterable[_Union[DateHours, _Mapping]]] = ...) -> None: ...

class Closure(_message.Message):
    __slots__ = ("reason", "start_time", "end_time")
    REASON_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    reason: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Openness(_message.Message):
    __slots__ = ("is_open", "open_until", "opens_at", "business_date")
    IS_OPEN_FIELD_NUMBER: _ClassVar[int]
    OPEN_UNTIL_FIELD_NUMBER: _ClassVar[int]
    OPENS_AT_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_DATE_FIELD_NUMBER: _ClassVar[int]
    is_open: bool
    open_until: _timestamp_pb2.Timestamp
    opens_at: _timestamp_pb2.Timestamp
    business_date: str
    def __init__(self, is_open: _Optional[bool] = ..., open_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., opens_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., business_date: _Optional[str] = ...) -> None: ...

class FoundStore(_message.Message):
    __slots__ = ("store", "distance_metres", "openness", "serviceability")
    STORE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_METRES_FIELD_NUMBER: _ClassVar[int]
    OPENNESS_FIELD_NUMBER: _ClassVar[int]
    SERVICEABILITY_FIELD_NUMBER: _ClassVar[int]
    store: Store
    distance_metres: int
    openness: Openness
    serviceability: Serviceability
    def __init__(self, store: _Optional[_Union[Store, _Mapping]] = ..., distance_metres: _Optional[int] = ..., openness: _Optional[_Union[Openness, _Mapping]] = ..., serviceability: _Optional[_Union[Serviceability, str]] = ...) -> None: ...
