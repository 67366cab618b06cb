"""`/docs`: the API reference as one static page, rendered on the server."""

from html import escape
from typing import Any


def page(schema: dict[str, Any]) -> str:
    """HTML without scripts from the OpenAPI document."""
    parts = []
    for path, operations in sorted(schema["paths"].items()):
        for method, operation in operations.items():
            parts.append(_operation(method, path, operation))
    title = escape(f"{schema['info']['title']} {schema['info']['version']}")
    head = f'<meta charset="utf-8"><title>{title}: API</title><link rel="stylesheet" href="/static/console.css">'
    note = '<p>Machine-readable: <a href="/openapi.json">/openapi.json</a>. Errors are RFC 9457 problem documents.</p>'
    return f"<!doctype html><html lang=en><head>{head}</head><body><main><h1>{title}: API</h1>{note}{''.join(parts)}</main></body></html>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td><td>{escape(str(p.get('schema', {}).get('type', '')))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    table = f"<table>{rows}</table>" if rows else ""
    words = escape(operation.get("description", "") or operation.get("summary", ""))
    return f"<section><h2><code>{method.upper()} {escape(path)}</code></h2><p>{words}</p>{table}</section>"
