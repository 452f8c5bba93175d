from smsplatform.lib import database


def test_a_threads_session_is_kept_and_replaced_once_the_server_ended_it() -> None:
    session = database.session("system")
    first = session.value("SELECT pg_backend_pid()")
    assert database.session("system").value("SELECT pg_backend_pid()") == first
    other = database.Session("system")
    assert other.value("SELECT pg_terminate_backend(%s, 5000)", [first])
    other.close()

    assert session.hung_up
    assert database.session("system").value("SELECT pg_backend_pid()") != first
