"""While PostgreSQL is down, programs and people are told to come back, and when it is up again they can."""

from tests.flows.conftest import make_customer, number
from tests.flows.stack import Answer, Stack, http, until


def test_without_its_database_the_platform_says_503_and_when_to_come_back() -> None:
    with Stack(durable=True) as stack:
        customer = make_customer(stack)
        before = customer.send("Before", to=number())
        stack.processes["postgres"].kill()

        program = stack.api("GET", "/v1/messages", key=customer.key)
        sender = stack.api("POST", "/v1/messages", {"to": number(), "body": "Now"}, key=customer.key)
        person = page(stack)
        stack.processes["postgres"].up()
        stack.cluster.wait(stack._running("postgres"))
        after = until("the database is back", lambda: stack.api("GET", "/v1/messages", key=customer.key).status == 200)

        for answer in (program, sender):
            assert (answer.status, answer.json["code"]) == (503, "service_unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert person.status == 503
        assert int(person.headers["retry-after"]) > 0
        assert b"Back in a moment" in person.body
        assert after
        assert customer.message(before["id"])["id"] == before["id"]
        until("the log tells of it", lambda: "/v1/messages" in logged(stack))


def page(stack: Stack) -> Answer:
    """A page as somebody asks for it who has signed in."""
    return http("GET", f"http://127.0.0.1:{stack.ports['web']}/messages", headers={"Cookie": "session=" + "x" * 32})


def logged(stack: Stack) -> list[str]:
    return [row[0] for row in stack.rows("SELECT route FROM messaging_call WHERE status = 202")]
