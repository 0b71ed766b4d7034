"""What the README says of the results must be what is computed."""

import re

from churnlib import claims, exhibits
from churnlib.provenance import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def rows(header: str) -> list[list[str]]:
    table = README.split(header, 1)[1].split("\n\n", 1)[0]
    lines = table.strip().splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def numbers(text: str) -> set[int]:
    """Claim numbers of a list such as "7, 19, 24 to 32"; what stands in brackets is words."""
    found = set()
    for part in re.sub(r"\(.*?\)", "", text.split(":")[0]).split(","):
        first, _, last = part.strip().partition(" to ")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_the_table_of_verdicts_is_the_computed_one():
    verdicts = claims()["verdict"]
    stated = {
        kind: (int(n), numbers(which))
        for kind, n, which in rows("| verdict | statements | which |")
    }
    computed = {kind: (len(group), set(group.index)) for kind, group in verdicts.groupby(verdicts)}
    assert stated == computed


def test_the_list_of_exhibits_is_the_computed_one():
    stated = [
        [cell.strip("`").replace("—", "") for cell in row]
        for row in rows("| exhibit | notebook | file | verdict |")
    ]
    table = exhibits().reset_index()
    assert stated == table[["exhibit", "notebook", "file", "verdict"]].to_numpy().tolist()


def test_the_finding_in_the_first_screen_is_the_computed_one():
    first_screen = README.split("## Two commands")[0]
    judged = claims()
    assert f"{int(judged.loc[10, 'computed']):,}" in first_screen
    assert f"{int(judged.loc[10, 'printed']):,}" in first_screen
    assert judged.loc[12, "computed"].replace("%", " %") in first_screen


def test_every_local_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (PROJECT / target).exists(), target
