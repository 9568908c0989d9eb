"""What the benchmark needs of a Kubernetes API server and of a git server."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import ssl
import subprocess
import tempfile
import base64
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Callable


def run(*command: str, **options) -> str:
    return subprocess.run(command, capture_output=True, text=True, **options).stdout


class Api:
    """By the client certificate of KUBECONFIG, over connections of its own: a process of kubectl would be in the times."""

    def __init__(self) -> None:
        config = json.loads(run("kubectl", "config", "view", "--raw", "--minify", "--flatten", "-o", "json", check=True))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.host = urllib.parse.urlparse(cluster["server"]).netloc
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
            file.flush()
            self.context.load_cert_chain(file.name)
        self.connection = self.connect()

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, context=self.context)

    def text(self, path: str, method: str = "GET", body: dict | None = None) -> str:
        data = json.dumps(body) if body else None
        self.connection.request(method, path, data, {"Content-Type": "application/json"} if body else {})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text}")
        return text

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        return json.loads(self.text(path, method, body))

    def watch(self, path: str, handle: Callable[[dict], None]) -> None:
        """Hands on every object that is added or changed, for as long as this program runs."""
        while True:
            connection = self.connect()
            connection.request("GET", f"{path}?watch=true")
            answer = connection.getresponse()
            for line in answer:
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED"):
                    handle(event["object"])
            time.sleep(0.1)


class GitServer:
    """One repository behind http: git's own http-backend as a CGI program."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main", ".")
        for key, value in (("user.name", "bench"), ("user.email", "bench@example.com"), ("uploadpack.allowAnySHA1InWant", "true")):
            self.git("config", key, value)
        self.server = http.server.ThreadingHTTPServer((address, 0), handler(folder))
        self.url = f"http://{address}:{self.server.server_address[1]}/repository"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def git(self, *arguments: str) -> str:
        return run("git", *arguments, cwd=self.folder, check=True).strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=files")
        return self.git("rev-parse", "HEAD")

    def close(self) -> None:
        self.server.shutdown()


def handler(folder: Path) -> type[http.server.BaseHTTPRequestHandler]:
    class Backend(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.serve()

        def do_POST(self) -> None:
            self.serve()

        def serve(self) -> None:
            url = urllib.parse.urlparse(self.path)
            environment = os.environ | {
                "GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": self.command,
                "PATH_INFO": "/.git" + url.path.removeprefix("/repository"), "QUERY_STRING": url.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "REMOTE_ADDR": "127.0.0.1"}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True).stdout
            head, _, content = answer.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    return Backend
