"""The fleet: founded, published, subscribed, and then told from its first hour to now."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

from capability_sdk.client import CenterClient
from deploy.fleet.catalogue import blueprints
from deploy.fleet.desk import Desk
from deploy.fleet.edge import SimulatedEdge, open_edge
from deploy.fleet.models import reference_of, train
from deploy.fleet.people import ENGINEER, acting
from deploy.fleet.plan import FleetPlan
from deploy.fleet.provinces import SimulatedProvince, provinces
from deploy.fleet.publishing import Published, living_version, publish, signing_key, upload
from deploy.fleet.records import Grant, health, profiles, quality, usage
from deploy.fleet.story import Story, is_subscribed

_AT_ONCE = 4
"""Provinces that send at the same time."""

Say = Callable[[str], None]
"""Prints one line of progress."""

Edges = Mapping[str, SimulatedEdge]
"""Province to its edge."""


@dataclass
class Fleet:
    """One run of a plan.

    Attributes:
        until: Whole hours before this moment are told.
        told: Of each province, its stories and by what right they call.
    """

    plan: FleetPlan
    admin: CenterClient
    folder: Path
    until: datetime
    say: Say
    told: dict[str, list[tuple[Story, Grant]]] = field(default_factory=dict)

    async def run(self) -> int:
        """Bring the fleet up to now; returns how many records were sent.

        Raises:
            ApiProblem: The center refused something that a person asked.
            NotPublished: The gate refused a version.
            CenterRefused: The center refused an edge.
            CenterAway: The center does not answer.
        """
        began = monotonic()
        sent = 0
        async with AsyncExitStack() as stack:
            desk = stack.enter_context(Desk(self.admin, self.plan.center, self.folder))
            members = self._found(desk)
            edges = {
                item.name: await stack.enter_async_context(open_edge(desk.edge_folder(item.name)))
                for item in members
            }
            for index, item in enumerate(self._published()):
                stories = [
                    (self._story(member, index, item), desk.grant(member.name, item))
                    for place, member in enumerate(members)
                    if is_subscribed(place, index)
                ]
                sent += await self._tell(edges, stories)
                self.say(
                    f"  {item.model.blueprint.name} {item.version} in {len(stories)} provinces;"
                    f" {sent:,} records, {monotonic() - began:.0f} s"
                )
            return sent + await self._tell_health(edges)

    def _found(self, desk: Desk) -> list[SimulatedProvince]:
        members = [item for item in provinces(self.plan.provinces) if desk.found(item)]
        passed = self.plan.provinces - len(members)
        real = f"; {passed} are real here and stay as they are" if passed else ""
        self.say(f"{len(members)} simulated provinces are enrolled{real}")
        return members

    def _published(self) -> Iterator[Published]:
        """Upload what is missing, then give out each version as soon as it is in the store."""
        models = [train(item, self.plan.seed) for item in blueprints()[: self.plan.capabilities]]
        known = [living_version(self.admin, model) for model in models]
        with acting(self.admin, self.plan.center, ENGINEER, "engineer", "center") as engineer:
            key = signing_key(self.folder, engineer)
            uploaded = [
                found or upload(engineer, model, version, self.plan.seed, self.folder, key)
                for model, (found, version) in zip(models, known, strict=True)
            ]
            self.say(
                f"{len(uploaded)} capabilities are uploaded; the publish gate judges one after the"
                " other, about half a minute each"
            )
            for item in uploaded:
                publish(self.admin, engineer, item)
                yield item

    def _story(self, member: SimulatedProvince, index: int, item: Published) -> Story:
        is_newest = index == self.plan.capabilities - 1 > 0
        plan = self.plan
        return Story(plan.seed, plan.begins, plan.days, member, index, item.model, is_newest)

    async def _tell(self, edges: Edges, stories: list[tuple[Story, Grant]]) -> int:
        """Send one capability's calls, profiles and quality counts from every province."""
        if not stories:
            return 0
        reference = reference_of(stories[0][0].model, self.plan.seed)

        async def tell(story: Story, grant: Grant) -> int:
            self.told.setdefault(story.province.name, []).append((story, grant))
            edge, number, until = edges[story.province.name], story.capability, self.until
            sent = await edge.ship(f"usage-{number}", usage(story, grant, until))
            sent += await edge.ship(f"profile-{number}", profiles(story, reference, grant, until))
            return sent + await edge.ship(f"quality-{number}", quality(story, grant, until))

        return await _sum_of([tell(story, grant) for story, grant in stories])

    async def _tell_health(self, edges: Edges) -> int:
        return await _sum_of(
            [
                edges[name].ship("health", health(stories, self.until))
                for name, stories in self.told.items()
            ]
        )


async def _sum_of(parts: list[Awaitable[int]]) -> int:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(part: Awaitable[int]) -> int:
        async with turn:
            return await part

    return sum(await asyncio.gather(*(one(part) for part in parts)))
