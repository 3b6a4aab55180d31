"""Requests that wait for a person: the queue over HTTP and on the command line, and what the client sees."""
import threading

import house
import pytest

CARD = "My card is 4111 1111 1111 1111, please tell me what it is worth."


@pytest.fixture
def desk(mock, start):
    """make(rules): a Baton whose one worker may see public data only, so that a card number goes to a person."""

    def make(folder=None, **human):
        worker = house.worker("one", mock, data={"classes": ["public", "internal"]})
        return start(house.Baton, [worker], folder=folder, human=human, fallback={"on_policy_violation": "human_review"})

    return make


def asking(baton, **more):
    """The request on its way; .reply() waits for its end."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(baton.chat(CARD, **more)))
    thread.start()

    def reply():
        thread.join(60)
        return ended[0]

    return reply


def waiting(baton, count=1):
    def listed():
        cases = baton.get("/admin/cases").json()["data"]
        return cases if len(cases) == count else None

    return house.wait_until(listed, what=f"{count} cases")


def say(baton, case, action, **body):
    return baton.post(f"/admin/cases/{case}/{action}", body)


def test_a_persons_answer_reaches_the_client_as_a_completion(desk, mock):
    baton = desk(wait="60s")
    reply = asking(baton)
    case = waiting(baton)[0]
    assert case["status"] == "waiting" and "personal" in case["data_classes"], case
    shown = baton.get(f"/admin/cases/{case['id']}").json()
    assert shown["transcript"] == [{"role": "user", "content": CARD}]
    assert say(baton, case["id"], "claim", by="ann").json()["status"] == "claimed"
    assert say(baton, case["id"], "answer", by="bob", text="x").status == 409
    assert say(baton, case["id"], "answer", by="ann", text="It is worth nothing to us.").status == 200
    answer = reply()
    assert answer.status == 200, answer.text
    message = answer.json()["choices"][0]["message"]
    assert message["content"] == "It is worth nothing to us." and message["role"] == "assistant"
    assert answer.headers["x-baton-route"] == "human_review" and answer.headers["x-baton-worker"] == "human"
    record = baton.exchange(answer)
    assert record["worker"] == "human" and record["outcome"] == "ok", record
    assert mock.requests() == [], "no worker was asked"


def test_a_streaming_client_gets_the_answer_as_a_stream(desk):
    baton = desk(wait="60s")
    reply = asking(baton, stream=True)
    case = waiting(baton)[0]["id"]
    say(baton, case, "answer", by="ann", text="streamed by a person")
    answer = reply()
    assert answer.status == 200 and answer.streamed_text() == "streamed by a person"
    assert answer.events()[-1] == "[DONE]"


def test_a_rejection_is_an_error_that_says_why(desk):
    baton = desk(wait="60s")
    reply = asking(baton)
    case = waiting(baton)[0]["id"]
    say(baton, case, "reject", by="ann", reason="ask the bank")
    answer = reply()
    assert answer.status == 403 and answer.error["code"] == "human_rejected" and "ask the bank" in answer.error["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_without_time_to_wait_the_client_gets_202_and_a_link(desk, stream):
    baton = desk(wait="0s")
    first = baton.chat(CARD, stream=stream)
    assert first.status == 202, first.text
    body = first.json()
    assert body["object"] == "baton.case" and body["status"] == "waiting" and first.headers["location"] == body["url"]
    assert baton.get(body["url"]).status == 202
    say(baton, body["id"], "answer", by="ann", text="here it is")
    done = baton.get(body["url"])
    assert done.status == 200
    completion = done.json()["completion"]
    assert completion["object"] == "chat.completion" and completion["choices"][0]["message"]["content"] == "here it is"
    assert "transcript" not in done.json() and "resolved_by" not in done.json()
    assert baton.exchange(first)["outcome"] == "human_pending"


def test_the_same_idempotency_key_lays_one_case(desk):
    baton = desk(wait="0s")
    replies = [baton.chat(CARD, headers={"idempotency-key": "k1"}) for _ in range(3)]
    assert [r.status for r in replies] == [202] * 3
    assert len({r.json()["id"] for r in replies}) == 1
    assert len(waiting(baton, 1)) == 1


def test_a_full_queue_refuses(desk):
    baton = desk(wait="0s", max_waiting=2)
    assert [baton.chat(CARD).status for _ in range(3)] == [202, 202, 503]
    assert baton.chat(CARD).error["code"] == "human_queue_full"
    assert baton.metrics()["baton_human_waiting"] == 2
    assert baton.chat("hello").status == 200, "what needs no person is served"


def test_a_case_that_nobody_ends_expires(desk):
    baton = desk(wait="0s", expire="1s")
    case = baton.chat(CARD).json()
    house.wait_until(lambda: baton.get(case["url"]).json()["status"] == "expired", what="the case to expire")
    assert say(baton, case["id"], "answer", by="ann", text="late").status == 409


def test_a_client_that_leaves_takes_its_case_along(desk):
    baton = desk(wait="60s")
    with baton.open("POST", "/v1/models", None):
        pass
    import socket

    with socket.create_connection(("127.0.0.1", baton.port)) as s:
        import json

        body = json.dumps(house.ask(CARD)).encode()
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        case = waiting(baton)[0]["id"]
    house.wait_until(lambda: baton.get(f"/v1/cases/{case}").json()["status"] == "cancelled", what="the case to be cancelled")


def test_cases_survive_a_restart_and_a_drain_hands_out_their_links(desk, start):
    baton = desk(wait="60s")
    reply = asking(baton)
    case = waiting(baton)[0]["id"]
    assert baton.stop() == 0
    answer = reply()
    assert answer.status == 202 and answer.json()["id"] == case, "the drain waits for no person"
    again = desk(folder=baton.folder, wait="60s")
    assert waiting(again)[0]["id"] == case
    say(again, case, "answer", by="ann", text="after the restart")
    assert again.get(f"/v1/cases/{case}").json()["completion"]["choices"][0]["message"]["content"] == "after the restart"


def test_a_killed_server_loses_no_case(desk):
    baton = desk(wait="0s")
    case = baton.chat(CARD).json()["id"]
    baton.program.kill()
    again = desk(folder=baton.folder)
    assert waiting(again)[0]["id"] == case


def test_bad_words_of_reviewers_are_refused_in_a_sentence(desk):
    baton = desk(wait="0s")
    case = baton.chat(CARD).json()["id"]
    for path, body, status in [
        (f"/admin/cases/{case}/answer", "no json", 400),
        (f"/admin/cases/{case}/answer", [], 400),
        (f"/admin/cases/{case}/answer", {"by": 3, "text": "x"}, 400),
        (f"/admin/cases/{case}/answer", {"by": "", "text": "x"}, 400),
        (f"/admin/cases/{case}/answer", {"by": "ann"}, 400),
        (f"/admin/cases/{case}/burn", {"by": "ann"}, 404),
        (f"/admin/cases/{case}", {"by": "ann"}, 404),
        ("/admin/cases/case_nobody/claim", {"by": "ann"}, 404),
    ]:
        reply = baton.post(path, body)
        assert reply.status == status and reply.error["message"], (path, reply.text)
    assert baton.get("/admin/cases?state=asleep").status == 400
    assert baton.get("/admin/cases?limit=100000").status == 400
    assert baton.get("/v1/cases/case_nobody").status == 404
    foreign = baton.get("/admin/cases", headers={"host": "evil.example"})
    assert foreign.status == 403, "as the rest of /admin"
    assert waiting(baton)[0]["status"] == "waiting"


def test_the_command_line_works_the_queue(desk):
    baton = desk(wait="0s")
    case = baton.chat(CARD).json()["id"]
    other = baton.chat(CARD).json()["id"]

    def cases(*arguments):
        return house.run("cases", *arguments, "--url", baton.url)

    code, out, _ = cases("list")
    assert code == 0 and case in out and other in out
    code, out, _ = cases("show", case)
    assert code == 0 and CARD in out
    assert cases("claim", case, "--by", "ann")[0] == 0
    code, _, err = cases("answer", case, "--by", "bob", "mine")
    assert code == 1 and "ann" in err
    assert cases("answer", case, "--by", "ann", "Yes.")[0] == 0
    assert cases("reject", other, "--by", "bob", "no")[0] == 0
    code, out, _ = cases("list")
    assert code == 0 and "nothing waits" in out
    assert cases("show", "case_nobody")[0] == 1
    assert cases("answer", case)[0] == 2
