"""Where control groups are found, from what the kernel says of hosts of different kinds."""

from pathlib import Path

from capability_sdk.sandbox.hierarchy import delegate, find_v1, find_v2

MIXED = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
MIXED_OWN = "8:pids:/\n4:memory:/service/i-1\n1:cpu,cpuacct:/\n0::/\n"
SYSTEMD = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
SYSTEMD_OWN = "0::/system.slice/jiuzhou.service\n"
CONTAINER = "30 23 0:26 /kube/pod /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw\n"


def test_version_1_has_a_tree_for_each_controller() -> None:
    found = find_v1(MIXED, MIXED_OWN)

    assert found is not None
    assert found.parents == {
        "memory": Path("/sys/fs/cgroup/memory/service/i-1"),
        "pids": Path("/sys/fs/cgroup/pids"),
        "cpu": Path("/sys/fs/cgroup/cpu,cpuacct"),
    }


def test_version_2_has_one_tree_and_the_service_s_part_of_it() -> None:
    assert find_v1(SYSTEMD, SYSTEMD_OWN) is None
    found = find_v2(SYSTEMD, SYSTEMD_OWN)

    assert found is not None
    assert set(found.parents.values()) == {Path("/sys/fs/cgroup/system.slice/jiuzhou.service")}


def test_a_service_that_moved_into_its_leaf_still_finds_its_part() -> None:
    found = find_v2(SYSTEMD, "0::/system.slice/jiuzhou.service/jiuzhou-service\n")

    assert found is not None
    assert found.parents["memory"] == Path("/sys/fs/cgroup/system.slice/jiuzhou.service")


def test_a_container_sees_its_own_part_as_the_root() -> None:
    found = find_v2(CONTAINER, "0::/kube/pod\n")

    assert found is not None
    assert found.parents["memory"] == Path("/sys/fs/cgroup")


def test_controllers_that_are_handed_on_already_are_left_alone(tmp_path: Path) -> None:
    switch = tmp_path / "cgroup.subtree_control"
    switch.write_text("cpu io memory pids\n")

    delegate(tmp_path)

    assert switch.read_text() == "cpu io memory pids\n"


def test_a_host_without_control_groups_has_none() -> None:
    assert find_v1("", "0::/\n") is None
    assert find_v2("", "0::/\n") is None
