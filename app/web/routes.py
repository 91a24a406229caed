"""What the router knows of an address. FastAPI keeps included routers as a tree, so `app.routes` alone does not tell."""

from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

METHOD_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def allowed_methods(app: FastAPI, scope: MutableMapping[str, Any]) -> list[str]:
    """The methods that this address takes, HEAD and OPTIONS (which the door answers) included; empty: no such address."""
    probe = {"type": "http", "method": "GET", "path": scope["path"], "root_path": scope.get("root_path", ""), "headers": []}
    found: set[str] = set()
    for context in iter_route_contexts(app.routes):
        if context.matches(dict(probe))[0] is not Match.NONE:
            found |= context.methods or {"GET"}  # a mount has no methods of its own: files are read
    if not found:
        return []
    if "GET" in found:
        found.add("HEAD")
    return [method for method in METHOD_ORDER if method in found or method == "OPTIONS"]
