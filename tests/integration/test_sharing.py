# SPDX-License-Identifier: MIT
"""Containers that share another's network or volumes are made anew when that one is."""

from engine import wait_until
from fleet import SERVICE, hot

SHARES = {**SERVICE, "command": ["sleep", "infinity"], "network_mode": "service:vpn"}


def network_of(fleet, agent):
    return fleet.inspect(agent)["HostConfig"]["NetworkMode"]


def test_what_shares_a_network_is_made_anew_with_it(fleet):
    services = {"vpn": hot(), "app": SHARES, "backup": {**SERVICE, "volumes_from": ["vpn:ro"]}}
    fleet.up(services)
    assert network_of(fleet, "app") == "container:" + fleet.inspect("vpn")["Id"]
    fleet.settled()
    before = {agent: fleet.inspect(agent)["Id"] for agent in services}
    fleet.apply({**services, "vpn": hot(environment={"A": "new"})})
    with fleet.serve():
        def is_new():
            seen = {agent: fleet.inspect(agent) for agent in services}
            return all(seen[agent] and seen[agent]["Id"] != before[agent] and seen[agent]["State"]["Running"]
                       for agent in services) and network_of(fleet, "app") == "container:" + seen["vpn"]["Id"]
        wait_until(is_new, "all three are made anew")
    assert "eth0" in fleet.engine.docker("exec", fleet.container("app"), "ip", "addr")
    wait_until(lambda: set(fleet.actions().values()) == {"unchanged"}, "nothing is left to do")
    fleet.settled()


def has_network(fleet):
    return fleet.inspect("app")["State"]["Running"] and \
        "eth0" in fleet.engine.docker("exec", fleet.container("app"), "ip", "addr", check=False)


def wait_until_it_follows(fleet, before):
    wait_until(lambda: fleet.inspect("app")["State"]["StartedAt"] > before["State"]["StartedAt"], "app follows")
    wait_until(lambda: has_network(fleet), "app has a network")
    fleet.settled()
    assert fleet.inspect("app")["Id"] == before["Id"]


def test_a_restart_by_hand_takes_those_in_its_network_along(fleet):
    fleet.up({"vpn": hot(), "app": SHARES})
    before = fleet.inspect("app")
    with fleet.serve():
        fleet.engine.docker("restart", fleet.container("vpn"))
        wait_until_it_follows(fleet, before)


def test_so_does_one_while_roost_is_away(fleet):
    fleet.up({"vpn": hot(), "app": SHARES})
    before = fleet.inspect("app")
    fleet.engine.docker("restart", fleet.container("vpn"))
    assert not has_network(fleet)
    with fleet.serve():
        wait_until_it_follows(fleet, before)
    after = fleet.inspect("app")
    with fleet.serve():
        wait_until(lambda: set(fleet.actions().values()) == {"unchanged"}, "nothing is left to do")
        fleet.settled()
    assert fleet.inspect("app")["State"]["StartedAt"] == after["State"]["StartedAt"]
