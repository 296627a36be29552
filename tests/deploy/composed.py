"""docker-compose.yml as the tests read it: variables at their defaults, anchors followed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).parents[2]
COMPOSE = TOP / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*))?\}")


def resolved(text: str) -> str:
    """Text with its variables replaced by their defaults."""
    return VARIABLE.sub(lambda match: match[2] or "", text)


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(resolved(COMPOSE.read_text(encoding="utf-8")))
    return loaded


SERVICES: dict[str, dict[str, Any]] = document()["services"]


def binds(service: dict[str, Any]) -> dict[str, Path]:
    """Target to host path of the files and folders a service mounts; named volumes are none."""
    mounts: dict[str, Path] = {}
    for mount in service.get("volumes", []):
        if isinstance(mount, dict):
            assert mount["type"] == "bind"
            mounts[mount["target"]] = TOP / mount["source"]
        elif mount.startswith("."):
            source, target, _ = mount.split(":")
            mounts[target] = TOP / source
    return mounts


def volumes(service: dict[str, Any]) -> dict[str, str]:
    """Target to name of the named volumes of a service."""
    named = [
        volume.split(":")
        for volume in service.get("volumes", [])
        if isinstance(volume, str) and not volume.startswith(".")
    ]
    return {target: name for name, target in named}


def environment(service: dict[str, Any]) -> dict[str, str]:
    """What a container sees, as text: `true` and `false` are YAML's words, not Python's."""
    values = service.get("environment", {})
    return {
        name: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


def example() -> dict[str, str]:
    """What .env.example sets."""
    lines = (TOP / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def dockerfile() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined, comments left out."""
    text = (TOP / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]
