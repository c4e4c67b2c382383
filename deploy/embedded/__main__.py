"""``python -m deploy.embedded``: the supervisor of one platform; ``jiuzhou up`` becomes it."""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

from deploy.embedded.cluster import NAMESPACE, NAMESPACE_VARIABLE, DemoCluster
from deploy.embedded.demo import DEMO_FILE, PROVINCES, PROVING, folder_of, mark_as_demo
from deploy.embedded.folders import FolderUnusable, check_province_folder, lock
from deploy.embedded.platform import CenterView, PlatformStatus, own_start_time
from deploy.embedded.ports import CENTER_OFFSET, PortPicker
from deploy.embedded.printing import overview
from deploy.embedded.start import Start
from deploy.embedded.supervisor import StartFailed, Stopped, Supervisor


def main() -> int:
    """Run a platform until SIGTERM or Ctrl-C; return the exit code."""
    parser = argparse.ArgumentParser(prog="jiuzhou up")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port-base", type=int, required=True)
    parser.add_argument("--no-showcase", action="store_true")
    parser.add_argument("--no-proving", action="store_true")
    parser.add_argument("--nacos", action="store_true")
    parser.add_argument("--kubeconfig", type=Path)
    arguments = parser.parse_args()
    data: Path = arguments.data.resolve()
    # For all that it starts: else each thread of a pool keeps a heap of its own (ADR 2).
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = lock(data)
        is_demo = _is_demo(data, wanted=not arguments.no_showcase)
        demo = [province.name for province in PROVINCES] if is_demo else []
        for name in (PROVING, *demo):
            check_province_folder(folder_of(data, name))
        if is_demo:
            mark_as_demo(data)
        elif not arguments.no_showcase:
            _say(f"{data} holds a platform without the demo; it is started as it is.")
        is_proving = not arguments.no_proving
        wanted = {"is_demo": is_demo, "is_proving": is_proving, "is_on_nacos": arguments.nacos}
        cluster = _cluster(arguments.kubeconfig)
        asyncio.run(_run(data, arguments.port_base, cluster, **wanted))
        os.close(held)
    except (StartFailed, FolderUnusable, OSError) as error:
        sys.stderr.write(f"jiuzhou: {error}\n")
        return 1
    return 0


def _is_demo(data: Path, *, wanted: bool) -> bool:
    """Tell whether to run the demo: never in the folder of a platform that is none."""
    return wanted and ((data / DEMO_FILE).exists() or not (data / "center").exists())


def _cluster(kubeconfig: Path | None) -> DemoCluster | None:
    """Find out whether the cluster can be used before anything is begun."""
    if kubeconfig is None:
        return None
    cluster = DemoCluster(kubeconfig, os.environ.get(NAMESPACE_VARIABLE, NAMESPACE))
    cluster.check()
    return cluster


async def _run(
    data: Path,
    port_base: int,
    cluster: DemoCluster | None,
    *,
    is_demo: bool,
    is_proving: bool,
    is_on_nacos: bool,
) -> None:
    ports = PortPicker()
    center_port = ports.pick(port_base + CENTER_OFFSET)
    supervisor = Supervisor(
        PlatformStatus(
            data=str(data),
            supervisor_pid=os.getpid(),
            supervisor_started=own_start_time(),
            center=CenterView(url=f"http://127.0.0.1:{center_port}"),
        ),
        say=_say,
    )
    supervisor.listen_for_signals()
    began = time.monotonic()
    start = Start(supervisor, data, ports, port_base, cluster)
    try:
        if is_on_nacos:
            await start.nacos()
        await start.everything(center_port, is_demo=is_demo, is_proving=is_proving)
        supervisor.status.ready = True
        supervisor.status.save()
        _say(overview(supervisor.status))
        _say(f"Up after {time.monotonic() - began:.0f} s. It stays up until Ctrl-C.")
        await supervisor.keep_running()
    except Stopped:
        _say("Stopping …")
    finally:
        await supervisor.stop()
    _say("Stopped; the state is kept.")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
