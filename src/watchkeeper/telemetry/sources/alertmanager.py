"""Alertmanager's API v2: silences."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from watchkeeper.domain.errors import SourceRefused
from watchkeeper.domain.muting import Matcher, Mute
