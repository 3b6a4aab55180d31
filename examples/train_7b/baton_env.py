"""A client of `baton env`: problems in, rewards out. Standard library only."""
import json
import os
import time
import urllib.error
import urllib.request


class Client:
    def __init__(self, url=None, token=None, timeout=600):
        self.url = (url or os.environ.get("BATON_ENV_URL", "http://127.0.0.1:8090")).rstrip("/")
        self.token = token if token is not None else os.environ.get("BATON_ENV_TOKEN", "")
        self.timeout = timeout

    def call(self, path, body=None):
        """One request; waits and tries again while the environment is full or not there yet, four times at most."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method="GET" if body is None else "POST",
                                         headers={"content-type": "application/json", "authorization": f"Bearer {self.token}"})
        for attempt in range(5):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as reply:
                    return json.load(reply)
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503) or attempt == 4:
                    raise RuntimeError(f"{path}: {error.code} {error.read().decode(errors='replace')}") from None
            except urllib.error.URLError:
                if attempt == 4:
                    raise
            time.sleep(2 ** attempt)

    def reset(self, index, split="train", seed=1, **more):
        return self.call("/reset", {"index": index, "split": split, "seed": seed, **more})

    def batch(self, pairs):
        """Rewards of (id, completion) pairs, in order."""
        out = []
        for at in range(0, len(pairs), 256):
            items = [{"id": i, "completion": c} for i, c in pairs[at:at + 256]]
            out += self.call("/batch", {"items": items})["results"]
        return out


_client = None


def client():
    global _client
    _client = _client or Client()
    return _client


def reward(completions, id, **_):
    """For trl.GRPOTrainer: `id` is the dataset's column of that name."""
    texts = [c if isinstance(c, str) else c[-1]["content"] for c in completions]
    return [r["reward"] for r in client().batch(list(zip(id, texts)))]


def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    """For verl."""
    return client().batch([(extra_info["id"], solution_str)])[0]["reward"]


def prompts(n, split="train", seed=1, **more):
    """`n` problems as rows with "prompt" and "id"."""
    rows = [client().reset(i, split, seed, **more) for i in range(n)]
    return [{"prompt": [{"role": "user", "content": r["prompt"]}], "id": r["id"]} for r in rows]


def write_parquet(path, n, split="train", seed=1):
    """The same for verl."""
    from datasets import Dataset
    rows = [{"data_source": "baton", "prompt": r["prompt"], "reward_model": {"style": "rule", "ground_truth": ""},
             "extra_info": {"id": r["id"], "index": i}} for i, r in enumerate(prompts(n, split, seed))]
    Dataset.from_list(rows).to_parquet(path)
