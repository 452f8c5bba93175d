from smsplatform.lib import database

PID = "SELECT pg_backend_pid()"


def test_a_session_is_lent_again_and_replaced_once_the_server_ended_it() -> None:
    with database.session("system") as session:
        first = session.value(PID)
    with database.session("system") as session:
        assert session.value(PID) == first
    other = database.Session("system")
    assert other.value("SELECT pg_terminate_backend(%s, 5000)", [first])
    other.close()

    assert session.hung_up
    with database.session("system") as session:
        assert session.value(PID) != first


def test_two_at_a_time_have_two_sessions_and_whoever_comes_later_one_of_them() -> None:
    with database.session("system") as one, database.session("system") as two:
        pids = {one.value(PID), two.value(PID)}
        with database.session("system", relaxed=True) as relaxed:
            assert relaxed.value(PID) not in pids
    assert len(pids) == 2

    with database.session("system") as later:
        assert later.value(PID) in pids


def test_a_session_whose_borrower_failed_is_lent_again() -> None:
    try:
        with database.session("system") as session:
            first = session.value(PID)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass

    with database.session("system") as session:
        assert session.value(PID) == first
