"""Which workspaces know a number, when each of them knows it by another index."""

from uuid import uuid4

from messaging import suppressing
from privacy import finding, keyring
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_workspace


def number() -> str:
    """A Dutch mobile number nobody else uses."""
    return f"+3161{uuid4().int % 10**7:07}"


def test_a_number_is_found_where_it_was_texted_and_where_it_objected_and_nowhere_else() -> None:
    texted, objected, stranger, to = make_workspace(), make_workspace(), make_workspace(), number()
    messaging.accept(texted, to=to)
    suppressed(objected, to)
    messaging.accept(stranger, to=number())

    assert set(finding.workspaces_of(to)) == {texted.id, objected.id}


def suppressed(world: World, to: str) -> None:
    with scope.workspace(world.id):
        suppressing.suppress(
            workspace=world.id, to=to, reason="opt_out", sandbox=False, by=world.owner.id, at=clock.now()
        )


def test_an_unknown_number_is_found_nowhere() -> None:
    assert finding.workspaces_of(number()) == []


def test_a_workspace_whose_keys_are_destroyed_is_not_found() -> None:
    world, to = make_workspace(), number()
    messaging.accept(world, to=to)

    keyring.destroy_workspace(world.id, at=clock.now())

    assert finding.workspaces_of(to) == []


def test_every_index_of_a_number_says_under_which_label_it_was_made() -> None:
    labels = {column.label: column.declared.indexed_as for column in finding.indexed("msisdn")}

    assert labels["messaging.Message.to_idx"] == labels["messaging.Suppression.to_idx"] == "messaging.Message.to"
