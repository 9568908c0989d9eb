"""What bare tools take when they read, hash, compress and send all at once, as a builder must: a floor that is measured whole."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

from . import config
from .images import unpack_base
from .registry import Client, Registry
from .workloads import Workloads

# Sends what the shell command $1 prints, the compressed bytes of a layer, to $2 while they come. Its digest stands in the file digest at the end,
# the registry's answer in the file answer.
SEND = """
set -e -o pipefail
rm -f blob; mkfifo blob
openssl dgst -sha256 -r <blob >digest & blob=$!
eval "$1" | tee blob |
  curl -sf -D answer -X PATCH -H 'Content-Type: application/octet-stream' -H 'Expect:' -T - "$2"
wait $blob
"""

# With the digest of the layer itself. The file is read twice, which takes less than a pipe.
FILE = "openssl dgst -sha256 '{file}' >/dev/null & {compress} '{file}'; wait $!"
# The same of a tree, whose files are made anew beside it, since commands are to run on them.
TREE = ("rm -f tar new; mkfifo tar new; openssl dgst -sha256 <tar >/dev/null & one=$!; tar -xf new -C '{target}' & other=$!; "
        "tar -cf - -C '{tree}' . | tee tar new | {compress}; wait $one $other")


class AtOnce:
    """Measures in a folder of its own, which it removes."""

    def __init__(self, layout: config.Layout, workloads: Workloads, registry: Registry) -> None:
        self.layout, self.workloads, self.registry = layout, workloads, registry
        self.scratch = layout.work / "at-once"

    def measure(self) -> dict[str, float]:
        """Wall seconds by result key."""
        big = self.workloads.context("W4") / "big.bin"
        gzip = "igzip -1 -T 2 -c" if shutil.which("igzip") else "gzip -1 -c"
        zstd = "zstd -q -1 -T2 -c"
        return {
            "W4/cold/gzip": self._once(lambda: self._send(FILE.format(file=big, compress=gzip))),
            "W4/cold/zstd": self._once(lambda: self._send(FILE.format(file=big, compress=zstd))),
            "W5/cold/gzip": self._once(lambda: self._tree(gzip)),
        }

    def _once(self, work: Callable[[], None]) -> float:
        """Seconds of some work that begins with an empty folder and an empty registry."""
        self.registry.reset()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        try:
            subprocess.run(["sync"], check=True)
            start = time.time()
            work()
            return time.time() - start
        finally:
            shutil.rmtree(self.scratch)

    def _tree(self, compress: str) -> None:
        """The base, the tree and the commands on it."""
        lower = self.scratch / "lower"
        unpack_base(self.layout, lower)
        target = lower / "srv" / "tree"
        target.mkdir()
        self._send(TREE.format(tree=self.workloads.context("W5"), target=target, compress=compress))
        subprocess.run(["sh", "-c", "; ".join(self.workloads.tree_commands(target))], check=True)

    def _send(self, pack: str) -> None:
        client = Client(config.PROXY_PORT)
        _, headers, _ = client.call("POST", "/v2/floor/once/blobs/uploads/")
        subprocess.run(["bash", "-c", SEND, "send", pack, client.upload_url(headers)], check=True, cwd=self.scratch,
                       stdout=subprocess.DEVNULL)
        answer = (line.split(":", 1) for line in (self.scratch / "answer").read_text().splitlines() if ":" in line)
        digest = (self.scratch / "digest").read_text().split()[0]
        url = client.upload_url({name.strip().lower(): value.strip() for name, value in answer})
        path = "/" + url.split("/", 3)[3]
        status, _, text = client.call("PUT", f"{path}{'&' if '?' in path else '?'}digest=sha256:{digest}")
        if status != 201:
            raise RuntimeError(f"blob upload: {status} {text!r}")
