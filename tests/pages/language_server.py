"""The YAML language server that editors run, spoken to as they do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

#: What stands where the cursor is.
CURSOR = "|"


class LanguageServer:
    """A yaml-language-server, and the schema that it is given."""

    def __init__(self, program: Path, schema: Path) -> None:
        self.process = subprocess.Popen(
            ["node", program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.schema = schema
        self.asked = 0
        self.problems: list[dict[str, Any]] = []
        document = {
            "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
            "hover": {"contentFormat": ["markdown"]},
        }
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {"textDocument": document}})
        self.tell("initialized", {})

    def stop(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.communicate()

    def completions(self, text: str) -> dict[str, str]:
        """What is offered at the cursor: what each item is called, and what it writes."""
        found = self._at_cursor("textDocument/completion", text)
        return {item["label"]: item.get("insertText", "") for item in found["items"]}

    def hover(self, text: str) -> str:
        """What is shown at the cursor."""
        return str(self._at_cursor("textDocument/hover", text)["contents"]["value"]).replace("\\", "")

    def diagnostics(self, text: str) -> list[str]:
        """What is marked as wrong in a text."""
        uri, _ = self._open(text)
        while True:
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return [each["message"] for each in message["params"]["diagnostics"]]

    def _at_cursor(self, method: str, text: str) -> Any:
        before, _, after = text.partition(CURSOR)
        uri, above = self._open(before + after)
        lines = before.split("\n")
        position = {"line": len(lines) - 1 + above, "character": len(lines[-1])}
        return self.ask(method, {"textDocument": {"uri": uri}, "position": position})

    def _open(self, text: str) -> tuple[str, int]:
        uri = f"file:///spec{self.asked}.yaml"
        whole = f"# yaml-language-server: $schema={self.schema.as_uri()}\n{text}"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": whole}
        self.tell("textDocument/didOpen", {"textDocument": document})
        self.asked += 1
        return uri, 1

    def ask(self, method: str, given: dict[str, Any]) -> Any:
        """Send a request, and wait for its answer."""
        self.asked += 1
        number = self.asked
        self._send({"id": number, "method": method, "params": given})
        while True:
            message = self._read()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            elif message.get("id") == number:
                return message["result"]

    def tell(self, method: str, given: dict[str, Any]) -> None:
        """Send what needs no answer."""
        self._send({"method": method, "params": given})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        size = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        message: dict[str, Any] = json.loads(self.process.stdout.read(size))
        return message
