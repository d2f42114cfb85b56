"""The workbench: edits from a browser, history, the address."""

import pytest

from explorer.config import presets
from explorer.ui.build_bench import Bench, base_of
from explorer.ui.draft import Draft

DLA34 = presets()["dla34"]


def bench() -> Bench:
    return Bench(Draft.of(DLA34), "dla34", DLA34)


def edit(number, do, value=None, place=None):
    return {"n": number, "do": do, "value": value, "place": place}


def classes(number, count):
    return edit(number, "set", count, ["head", "classes"])


def test_edits_are_applied_once_and_in_order():
    work = bench()
    sent = [classes(1, 5), classes(2, 50)]
    work.take(sent)
    work.take([*sent, classes(3, 500)])
    work.take(sent)
    assert work.draft.fields["head"]["classes"] == 500
    assert work.taken == 3
    assert work.valid.head.classes == 500


def test_keystrokes_about_one_thing_are_one_step():
    work = bench()
    work.take([classes(1, 5), classes(2, 50), edit(3, "settle"), classes(4, 7)])
    work.undo()
    assert work.draft.fields["head"]["classes"] == 50
    work.undo()
    assert work.draft.fields["head"]["classes"] == 1000
    assert not work.past
    work.redo()
    work.redo()
    assert work.draft.fields["head"]["classes"] == 7
    assert not work.future


def test_a_new_edit_ends_what_could_be_redone():
    work = bench()
    work.take([classes(1, 5), edit(2, "settle"), edit(3, "undo"), classes(4, 6)])
    assert not work.future
    work.undo()
    assert work.draft.fields["head"]["classes"] == 1000


def test_undo_brings_back_broken_text_as_it_was_typed():
    work = bench()
    broken = work.draft.text + "nonsense: ["
    work.take([edit(1, "type", broken), edit(2, "settle")])
    assert work.draft.behind
    assert work.valid == Draft.of(DLA34).config
    work.start("dla60")
    work.undo()
    assert work.draft.text == broken
    work.undo()
    assert work.draft.problem is None


def test_reset_goes_back_to_the_preset_and_can_be_undone():
    work = bench()
    work.take([classes(1, 5), edit(2, "settle")])
    assert work.changed
    work.take([edit(3, "reset")])
    assert not work.changed
    work.undo()
    assert work.draft.fields["head"]["classes"] == 5


def test_a_link_is_followed_and_what_was_there_can_be_had_back():
    work = bench()
    work.take([classes(1, 5)])
    work.follow(presets()["vovnet39"], None)
    assert (work.base, work.draft.fields["backbone"]["kind"]) == ("vovnet39", "vovnet")
    work.undo()
    assert (work.base, work.draft.fields["head"]["classes"]) == ("dla34", 5)


def test_the_address_of_what_stands_here_changes_nothing():
    work = bench()
    work.take([classes(1, 5)])
    work.follow(work.valid, "dla34")
    assert not work.draft.behind
    work.undo()
    assert not work.past


def test_the_base_is_asked_for_or_the_nearest():
    own = DLA34.model_copy(update={"name": None, "head": DLA34.head.model_copy(update={"classes": 7})})
    assert base_of(own, "dla60") == "dla60"
    assert base_of(own, "no-such") == "dla34"
    assert base_of(DLA34, "dla60") == "dla34"


@pytest.mark.parametrize(
    "sent",
    [
        None, "text", 7, [None], [{}], [{"n": "1"}], [edit(1, "no-such")], [edit(1, "set", 1, ["head", "kind"])],
        [edit(1, "set", 1, ["head", "no_such"])], [edit(1, "set", 1, ["head", "classes", 0])],
        [edit(1, "set", [[1]], ["head", "classes"])], [edit(1, "set", "x" * 300, ["name"])],
        [edit(1, "set", [1] * 1000, ["backbone", "channels"])], [edit(1, "set", 1, "head.classes")],
        [edit(1, "type", 7)], [edit(1, "begin", "toaster")], [edit(1, "backbone", "toaster")],
        [edit(1, "head", "toaster")], [edit(1, "start", "toaster")], [edit(1, "backbone", ["dla"])],
    ],
)  # fmt: skip
def test_what_no_editor_sends_changes_nothing(sent):
    work = bench()
    work.take(sent)
    assert work.draft.config == Draft.of(DLA34).config
    assert work.base == "dla34"
