"""However many are turned away, what a gateway keeps and writes of it has a bound."""

import json
from pathlib import Path

from capability_sdk.spool import SpoolReader, SpoolWriter
from edge_gateway.gateway.admission import Gate
from edge_gateway.gateway.metering import Meter
from edge_gateway.gateway.turned_away import TurnedAway
from tests.gateway_province import CAPABILITY, Province


async def test_there_is_one_record_for_each_of_so_many_subscriptions(tmp_path: Path) -> None:
    province = Province(tmp_path / "province")
    for name in "abc":
        province.subscribe(name)
    gates = {name: Gate(province.subscriptions[name]) for name in "abc"}
    meter = Meter(SpoolWriter(tmp_path / "usage-0"))
    turned_away = TurnedAway(meter, most=2)

    for name in "abcaba":
        turned_away.count(gates[name])
    turned_away.write()
    turned_away.write()
    await meter.close()

    reader = SpoolReader(tmp_path / "usage-0")
    (epoch,) = reader.epochs()
    found = [json.loads(record.payload) for record in reader.read(epoch, 0, 9)]
    assert [(item["application"], item["turned_away"]) for item in found] == [("a", 3), ("b", 2)]
    assert {item["capability"] for item in found} == {CAPABILITY}
