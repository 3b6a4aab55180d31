"""POST /v1/feedback: joined by exchange id, harmless when repeated, refused when it is nonsense."""
import json

import house
import pytest


@pytest.fixture
def baton(mock, start):
    return start(house.Baton, [house.worker("one", mock)])


def said(baton, reply, **more):
    return baton.post("/v1/feedback", {"exchange": reply.headers["x-baton-exchange"], **more})


def stored(baton, reply, count):
    return house.wait_until(lambda: (lambda list: list if len(list) == count else None)(baton.exchange(reply).get("feedback", [])),
                            what=f"{count} pieces of feedback")


def test_feedback_is_shown_with_its_exchange(baton):
    reply = baton.chat()
    answer = said(baton, reply, score=0.25, label="helpful", source="validator")
    assert answer.status == 200 and answer.json()["repeated"] is False, answer.text
    by_completion = baton.post("/v1/feedback", {"exchange": "chatcmpl-" + reply.headers["x-baton-exchange"], "thumbs": "up"})
    assert by_completion.status == 200 and by_completion.json()["score"] == 1
    shown = stored(baton, reply, 2)
    assert [f["source"] for f in shown] == ["validator", "user"] and shown[0]["score"] == 0.25
    code, out, _ = house.run("log", "--store", baton.store, reply.headers["x-baton-exchange"])
    assert code == 0 and "feedback" in out and "helpful" in out
    code, out, _ = house.run("log", "--store", baton.store, "--json", reply.headers["x-baton-exchange"])
    assert json.loads(out)["feedback"][1]["score"] == 1


def test_a_repeat_is_the_same_feedback_and_a_change_of_mind_another(baton):
    reply = baton.chat()
    first = said(baton, reply, thumbs="up").json()
    stored(baton, reply, 1)
    again = said(baton, reply, thumbs="up").json()
    assert again["repeated"] is True and again["id"] == first["id"]
    assert said(baton, reply, thumbs="down").json()["id"] != first["id"]
    stored(baton, reply, 2)
    named = [said(baton, reply, score=s, id="run-7").json()["id"] for s in (0.1, 0.9)]
    assert named[0] == named[1]
    keyed = [baton.post("/v1/feedback", {"exchange": reply.headers["x-baton-exchange"], "score": 0.5}, headers={"idempotency-key": "k"})
             for _ in range(2)]
    assert keyed[0].json()["id"] == keyed[1].json()["id"]
    stored(baton, reply, 4)


@pytest.mark.parametrize("body,param", [
    ({"score": 1}, "exchange"),
    ({"exchange": "ex_nonsense", "score": 1}, "exchange"),
    ({"exchange": 7, "score": 1}, "exchange"),
    ({"exchange": "ex_0123456789abc"}, "score"),
    ({"exchange": "ex_0123456789abc", "score": 1, "thumbs": "up"}, "score"),
    ({"exchange": "ex_0123456789abc", "score": 1.01}, "score"),
    ({"exchange": "ex_0123456789abc", "score": "1"}, "score"),
    ({"exchange": "ex_0123456789abc", "thumbs": "sideways"}, "thumbs"),
    ({"exchange": "ex_0123456789abc", "score": 1, "source": "rumour"}, "source"),
    ({"exchange": "ex_0123456789abc", "score": 1, "label": "two words"}, "label"),
    ({"exchange": "ex_0123456789abc", "score": 1, "label": "x" * 65}, "label"),
    ({"exchange": "ex_0123456789abc", "score": 1, "label": "a'; DROP TABLE feedback; --"}, "label"),
    ({"exchange": "ex_0123456789abc", "score": 1, "comment": "it said my name"}, "comment"),
])
def test_nonsense_is_refused_with_the_member_at_fault(baton, body, param):
    answer = baton.post("/v1/feedback", body)
    assert answer.status == 400 and answer.error["code"] == "bad_feedback" and answer.error["param"] == param, answer.text


def test_bodies_that_are_no_object_or_too_large_are_refused(baton):
    for body in ("", "[]", "nonsense", "\"x\"", "{"):
        assert baton.post("/v1/feedback", body).status == 400
    assert baton.post("/v1/feedback", json.dumps({"exchange": "x" * 20000})).status == 413
    assert baton.get("/v1/feedback").status == 405


def test_an_exchange_nobody_knows_takes_none(baton):
    answer = baton.post("/v1/feedback", {"exchange": "ex_0000000000001", "score": 1})
    assert answer.status == 404 and answer.error["code"] == "exchange_not_found"
