"""The Grafana dashboard is whole: what it is made of, since Grafana itself reads it without a word."""

import itertools
import json
import pathlib
import re

import pytest
import yaml

from conf.figures import METRICS
from jobs.health.exporting.families import AT_SCRAPE
from jobs.health.exporting.naming import name

GRAFANA = pathlib.Path(__file__).parents[2] / "conf" / "deploy" / "grafana"
BOARD = json.loads((GRAFANA / "dashboards" / "moovitamix.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
IDS = [f"{panel['id']}-{panel['title']}" for panel in PANELS]
QUERIES = [target["expr"] for panel in PANELS for target in panel.get("targets", [])]


def provisioned(kind: str) -> dict:
    (file,) = (GRAFANA / "provisioning" / kind).glob("*.yml")
    return yaml.safe_load(file.read_text())


def test_every_id_is_there_once():
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_no_panel_lies_over_another_or_beyond_the_edge():
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert [place for place in places if place["x"] < 0 or place["x"] + place["w"] > 24] == []
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


@pytest.mark.parametrize("panel", PANELS, ids=IDS)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel):
    assert panel["title"]
    assert panel["description"].endswith(".")
    if panel["type"] == "alertlist":
        return
    assert panel["targets"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("panel", PANELS, ids=IDS)
def test_a_panel_asks_the_data_source_that_is_chosen_above(panel):
    sources = [panel["datasource"], *(target["datasource"] for target in panel.get("targets", []))]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_the_chosen_data_source_begins_with_the_one_that_is_provisioned():
    variable = next(entry for entry in BOARD["templating"]["list"] if entry["name"] == "datasource")
    assert variable["current"]["value"] in [source["uid"] for source in provisioned("datasources")["datasources"]]


def test_the_folder_of_dashboards_is_provisioned():
    (provider,) = provisioned("dashboards")["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"]


def test_every_figure_of_the_catalogue_stands_in_a_panel():
    asked = set(re.findall(r"moovitamix_\w+", " ".join(QUERIES)))
    figures = {name(metric) for metric in METRICS.values() if metric.name not in AT_SCRAPE}
    assert figures - asked == set()


def test_every_query_of_the_lake_is_of_the_lake_that_is_chosen():
    asked = [match for query in QUERIES for match in re.findall(r"moovitamix_\w+(\{[^}]*\})?", query)]
    assert [selector for selector in asked if 'instance="$instance"' not in selector] == []
