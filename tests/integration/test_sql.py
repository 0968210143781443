# SPDX-License-Identifier: MIT
"""Plain SQL is an API: what an operator's `sqlite3` writes does what the operator meant."""

from fleet import hot, lazy


def changed(row, **columns):
    """A statement's SELECT that copies a row with some columns replaced by SQL expressions."""
    names = ("name", "lifecycle", "image", "spec")
    return ", ".join(columns.get(name, name) for name in names) + f" FROM agents WHERE name='{row}'"


def test_replace_is_a_change_not_a_removal(fleet):
    fleet.up({"web": hot(environment={"A": "1"}), "other": hot()})
    other = fleet.marks()[fleet.container("other")]
    spec = "json_set(spec, '$.environment.A', '2')"
    fleet.sql("REPLACE INTO agents (name, lifecycle, image, spec) SELECT " + changed("web", spec=spec))
    assert fleet.actions() == {"web": "recreated", "other": "unchanged"}
    seen = fleet.inspect("web")
    assert seen["State"]["Status"] == "running"
    assert "A=2" in seen["Config"]["Env"]
    assert fleet.marks()[fleet.container("other")] == other
    fleet.settled()


def test_replace_with_the_same_changes_nothing(fleet):
    fleet.up({"web": hot()})
    marks = fleet.marks()
    fleet.sql("REPLACE INTO agents (name, lifecycle, image, spec) SELECT " + changed("web"))
    assert fleet.actions() == {"web": "unchanged"}
    assert fleet.marks() == marks


def test_upsert_updates(fleet):
    fleet.up({"web": hot()})
    fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) SELECT " + changed("web") +
              " ON CONFLICT (name) DO UPDATE SET lifecycle='lazy'")
    assert fleet.actions() == {"web": "recreated"}
    assert fleet.inspect("web")["State"]["Status"] == "created"
    fleet.settled()


def test_upsert_inserts(fleet):
    fleet.up({"web": hot()})
    fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) SELECT " + changed("web", name="'twin'") +
              " ON CONFLICT (name) DO UPDATE SET lifecycle='lazy'")
    assert fleet.actions() == {"web": "unchanged", "twin": "created"}
    assert fleet.inspect("twin")["State"]["Status"] == "running"
    fleet.settled()


def test_rename_makes_the_new_and_removes_the_old(fleet):
    fleet.up({"web": hot(), "other": lazy()})
    other = fleet.marks()[fleet.container("other")]
    fleet.sql("UPDATE agents SET name='site' WHERE name='web'")
    actions = fleet.actions()
    assert actions["site"] == "created"
    assert actions.get("web") == "removed"
    assert fleet.inspect("web") is None
    assert fleet.inspect("site")["State"]["Status"] == "running"
    assert fleet.marks()[fleet.container("other")] == other
    fleet.settled()


def test_two_agents_swap_their_names(fleet):
    fleet.up({"a1": hot(environment={"WHO": "one"}), "b1": lazy(environment={"WHO": "two"})})
    fleet.sql("BEGIN; UPDATE agents SET name='x1' WHERE name='a1'; UPDATE agents SET name='a1' WHERE name='b1';"
              "UPDATE agents SET name='b1' WHERE name='x1'; COMMIT")
    actions = fleet.actions()
    assert (actions["a1"], actions["b1"]) == ("recreated", "recreated")
    assert "WHO=two" in fleet.inspect("a1")["Config"]["Env"]
    assert "WHO=one" in fleet.inspect("b1")["Config"]["Env"]
    assert fleet.inspect("a1")["State"]["Status"] == "created"
    assert fleet.inspect("b1")["State"]["Status"] == "running"
    assert fleet.mine() == [fleet.container("a1"), fleet.container("b1")]
    fleet.settled()


def test_delete_removes_the_container_and_keeps_its_volumes(fleet, engine):
    fleet.up({"web": hot(volumes=["data:/data"]), "other": hot()}, volumes={"data": {}})
    other = fleet.marks()[fleet.container("other")]
    fleet.sql("DELETE FROM agents WHERE name='web'")
    assert fleet.actions() == {"web": "removed", "other": "unchanged"}
    assert fleet.inspect("web") is None
    assert f"{fleet.name}_data" in engine.volumes()
    assert fleet.marks()[fleet.container("other")] == other
    fleet.settled()


def test_delete_and_insert_again_is_a_change(fleet):
    fleet.up({"web": hot()})
    marks = fleet.marks()
    fleet.sql("BEGIN; CREATE TEMP TABLE kept AS SELECT * FROM agents; DELETE FROM agents; "
              "INSERT INTO agents (name, lifecycle, image, spec) SELECT name, lifecycle, image, spec FROM kept; COMMIT")
    assert fleet.actions() == {"web": "unchanged"}
    assert fleet.marks() == marks


def test_generations_only_grow(fleet):
    fleet.apply({"web": hot(), "other": hot()})
    first = {name: row["generation"] for name, row in fleet.rows().items()}
    fleet.sql("UPDATE agents SET lifecycle='lazy' WHERE name='web'")
    second = {name: row["generation"] for name, row in fleet.rows().items()}
    assert second["web"] > max(first.values())
    assert second["other"] == first["other"]
