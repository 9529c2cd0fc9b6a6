"""A worker that cannot begin ends, so that whoever looks after it starts it again."""

import asyncio
import sys
from pathlib import Path

from settings import PROJECT_ROOT
from tests.support.ports import free_port
from tests.support.up import environment


async def test_a_worker_without_temporal_ends_though_its_database_has_not_answered_yet(tmp_path: Path) -> None:
    """A pool that is still connecting must not keep the process: nobody would ever start it again (ORC19)."""
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        env = environment(
            tmp_path,
            DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/ordito",
            TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}",
        )
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "worker"), env=env, cwd=PROJECT_ROOT, stderr=asyncio.subprocess.PIPE
        )
        try:
            _, said = await asyncio.wait_for(worker.communicate(), timeout=30)
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    assert worker.returncode == 1
    assert "Failed client connect" in said.decode()
