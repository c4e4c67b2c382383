"""Bugs that the campaign must find before its word counts."""

from tests.campaigns.harness import PlantedBug

_INFERENCE = "edge_gateway/gateway/inference.py"
_NEW_KEYS = "            self._keys = {} if view is None else view.token_keys\n"

BUGS = (
    PlantedBug(
        "failed-authorisation-lets-through",
        _INFERENCE,
        '        """\n        gate = self._authorise(request, route.capability)\n',
        '        """\n'
        "        try:\n"
        "            gate = self._authorise(request, route.capability)\n"
        "        except ServiceError:\n"
        "            raise\n"
        "        except Exception:\n"
        "            grants = self.view.state.subscriptions\n"
        "            gate = self.gates.of(next(item for item in grants if item.active))\n",
    ),
    PlantedBug(
        "failed-limiter-lets-through",
        _INFERENCE,
        "                self.turned_away.count(gate)\n            raise\n",
        "                self.turned_away.count(gate)\n            raise\n"
        "        except Exception:\n"
        "            gate.in_flight += 1\n",
    ),
    PlantedBug(
        "failed-quota-lets-through",
        _INFERENCE,
        "        except Exception:  # noqa: BLE001 - an unexpected failure lets nothing through\n"
        "            self._gate.leave()\n"
        "            self._fail()\n",
        "        except Exception:\n            self.forward()\n",
    ),
    PlantedBug(
        "slot-lost-over-a-failure",
        _INFERENCE,
        "        except BaseException as error:\n            if isinstance(error, QuotaExceeded)",
        "        except ServiceError as error:\n            if isinstance(error, QuotaExceeded)",
    ),
    PlantedBug(
        "our-failure-told-as-the-callers",
        "edge_gateway/gateway/connection.py",
        "self._answer_and_close(self._request, self._application.failed(self._request))",
        'self._refuse(MalformedRequest("The request is not strict HTTP/1.1."))',
    ),
    PlantedBug(
        "state-half-in-force",
        "edge_gateway/gateway/app.py",
        "        self._view = None\n        self._verifier.use(view)\n",
        "        self._view = view\n        self._verifier.use(view)\n",
    ),
    PlantedBug(
        "timer-ends-at-a-failure",
        "edge_gateway/gateway/server.py",
        '            _log.exception("what is done every %s s failed; it is tried again", seconds)\n',
        "            return\n",
    ),
    PlantedBug(
        "new-keys-are-tried-once",
        "edge_gateway/gateway/tokens.py",
        _NEW_KEYS,
        f"            self._fingerprint = fingerprint\n{_NEW_KEYS}",
    ),
)
