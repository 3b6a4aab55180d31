"""The tables of docs/results/learned_routing.md, from result files of `baton eval --json`; bench/eval_all runs them."""
import json
import math

ABLATIONS = ["evidence_no_agreement", "evidence_no_verifier", "evidence_no_correlation", "evidence_no_router", "evidence_prior_only", "evidence_no_signs", "evidence_no_stopping"]
BASELINES = ["zero_router", "kmeans", "knn", "mf", "embedllm", "routerdc", "carrot", "frugalgpt", "cascade_routing", "majority_vote",
             "agreement3", "smoothie", "router"]
# RouteLLM, arXiv 2406.18665, tables 1 to 3: trained on arena preferences, and with judged or gold labels added.
PUBLISHED = {
    "routellm_mt_bench": [("random", 49.03, 78.08, 0.500), ("MF, arena", 25.32, 74.26, 0.580), ("MF, arena + judge", 13.40, 31.31, 0.802)],
    "routellm_mmlu": [("random", 50.07, 79.93, 0.500), ("MF, arena", 45.00, 76.86, 0.524), ("SW ranking, arena + gold", 35.40, 71.55, 0.603)],
    "routellm_gsm8k": [("random", 50.00, 80.08, 0.497), ("MF, arena", 53.59, 85.24, 0.475), ("causal LLM, arena + judge", 33.64, 63.26, 0.622)],
}


def number(x, digits=2, scale=100.0):
    return "-" if x is None else f"{x * scale:.{digits}f}"


def interval(ci, digits=2, scale=100.0):
    return f"[{number(ci[0], digits, scale)}, {'inf' if ci[1] is None else number(ci[1], digits, scale)}]"


def usd(x):
    return "-" if x is None else f"{x:.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]) + "\n"


def verdict(low, high):
    return "better" if low > 0 else "worse" if high < 0 else "no difference found"


def pooled(results, ours, other, key):
    """Unweighted mean over sets of the paired difference; sets are independent, so variances add."""
    cells = [r["against"][ours][other][key] for r in results.values() if ours in r["against"] and other in r["against"][ours]]
    cells = [c for c in cells if c["difference"] is not None and c["se"] is not None]
    if not cells:
        return None
    mean = sum(c["difference"] for c in cells) / len(cells)
    se = math.sqrt(sum(c["se"] ** 2 for c in cells)) / len(cells)
    return {"sets": len(cells), "difference": mean, "ci95": [mean - 1.96 * se, mean + 1.96 * se]}


def best_single_table(results, name):
    rows = []
    for key, r in results.items():
        p = r["policies"].get(name)
        if not p:
            continue
        a, m, b = p["at_best_single_cost"], p["cost_to_match_best_single"], r["best_single"]
        rows.append([key, r["rows"], len(r["workers"]), f"{b['worker']} {number(b['quality'])} at ${usd(b['cost_usd'])}", number(a["quality"]),
                     number(a["difference"]), interval(a["ci95"]), a["verdict"], "never" if not m else number(m["share"], 0) + " %",
                     "" if not m else interval(m["ci95"], 0), number(p["oracle_gap_closed"], 0) + " %", f"{p['calls']:.2f}"])
    return table(["set", "questions", "workers", "best single worker", "quality", "difference", "95 %", "finding", "cost to match", "95 %, % of cost",
                  "oracle gap closed", "calls"], rows)


def pooled_table(results, name, others=None):
    keys = ["aiq", "aiq_to_best_single", "at_25%", "at_50%", "at_100%"]
    rows = []
    for other in others or BASELINES:
        if other == name:
            continue
        row = [other]
        for key in keys:
            p = pooled(results, name, other, key)
            row += ["-", ""] if not p else [f"{number(p['difference'])} {interval(p['ci95'])}", f"{verdict(*p['ci95'])} ({p['sets']})"]
        if any(c not in ("-", "") for c in row[1:]):
            rows.append(row)
    return table([f"{name} minus", "AIQ", "", "AIQ up to the best single's cost", "", "at 25 %", "", "at 50 %", "", "at 100 %", ""], rows)


def figure_table(results, get, names, digits=2):
    rows = []
    for name in names:
        row = [name] + [number(get(r["policies"][name]), digits) if name in r["policies"] else "-" for r in results.values()]
        if any(c != "-" for c in row[1:]):
            rows.append(row)
    return table(["policy"] + list(results), rows)


def routellm_table(results):
    rows = []
    for key, published in PUBLISHED.items():
        if key not in results:
            continue
        for name, p in results[key]["policies"].items():
            if "apgr" in p and name not in ("best_single", "random", "majority_vote", "smoothie"):
                rows.append([key, name, number(p["cpt50"]), number(p["cpt80"]), f"{number(p['apgr']['value'], 3, 1)} {interval(p['apgr']['ci95'], 3, 1)}",
                             "half of this set's own questions, right or wrong"])
        for name, cpt50, cpt80, apgr in published:
            rows.append([key, f"published: {name}", cpt50, cpt80, f"{apgr:.3f}", "Chatbot Arena preferences" + (" and labels" if "+" in name else "")])
    return table(["set", "policy", "CPT50 %", "CPT80 %", "APGR", "learned from"], rows)


def speed_table(results):
    rows = []
    for name in ["router", "evidence", "knn", "kmeans", "mf", "cascade_routing", "frugalgpt"]:
        cells = [r["policies"][name] for r in results.values() if name in r["policies"]]
        if cells:
            p50 = sorted(c["decision_us"]["p50"] for c in cells)
            p99 = sorted(c["decision_us"]["p99"] for c in cells)
            fit = sorted(c["fit_seconds"] for c in cells)
            rows.append([name] + [f"{x[len(x) // 2]:.3g} ({x[0]:.3g} to {x[-1]:.3g})" for x in (p50, p99, fit)])
    return table(["policy", "decision p50, us", "decision p99, us", "fit, s"], rows)


def significant(results, name):
    with_answers = [k for k, r in results.items() if "agreement3" in r["policies"] or "frugalgpt" in r["policies"]]
    found = {"better": [], "worse": []}
    for key, r in results.items():
        v = r["policies"].get(name, {}).get("at_best_single_cost", {}).get("verdict")
        if v in found:
            found[v].append(key)
    return found, with_answers


def summary(results, name):
    if not any(name in r["policies"] for r in results.values()):
        return ""
    found, with_answers = significant(results, name)
    shares = sorted((r["policies"][name]["cost_to_match_best_single"]["share"], k) for k, r in results.items()
                    if name in r["policies"] and r["policies"][name]["cost_to_match_best_single"])
    low = [k for s, k in shares if s <= 0.4]
    better = [k for k in found["better"] if k in with_answers]
    return (f"**{name}**: significantly better than the best single worker at equal dollars on {len(better)} of {len(with_answers)} sets with answers "
            f"({', '.join(better) or 'none'}) and {len(found['better']) - len(better)} of {len(results) - len(with_answers)} without; significantly worse on "
            f"{len(found['worse'])} ({', '.join(found['worse']) or 'none'}). It matches the best single worker for at most 40 % of its dollars on "
            f"{len(low)} of {len(results)} sets ({', '.join(low) or 'none'}); it never gets there on {len(results) - len(shares)}.\n\n")


def verified(results):
    sets = [k for k, r in results.items() if r["config"].get("verify")]
    return (f"Verdicts of the `code` verifier (a run in the sandbox of the question's own code or examples; no dollars) are evidence on {', '.join(sets)}; "
            "`evidence_no_verifier` is the policy without them, and no baseline uses them.\n") if sets else ""


def write(results, notes, missing, out):
    any_result = next(iter(results.values()))
    answers = {k: r for k, r in results.items() if k in significant(results, "evidence")[1]}
    names = list(dict.fromkeys(n for r in results.values() for n in r["policies"]))
    md = f"""# Learned routing on recorded outcomes

Regenerate: `bench/eval_all --data FOLDER` (writes this page and learned_routing.json). Revision {any_result['revision']}; machine: {any_result['machine']};
{len(any_result['seeds'])} seeds ({any_result['seeds'][0]} to {any_result['seeds'][-1]}), train share {any_result['train_share']}; near duplicates on one side; intervals: paired bootstrap over questions,
{any_result['config']['draws']} draws, 95 %. How figures are computed: [../evaluation.md](../evaluation.md). Recorded answers of real models; nothing is simulated here.
A difference whose interval touches zero is "no difference found". Quality in points of 100. {('Not measured in this run: ' + ', '.join(missing) + '.') if missing else ''}

{summary(results, 'evidence')}{summary(results, 'router')}
## The evidence policy against the best single worker, at equal dollars

{best_single_table(results, 'evidence')}
{verified(results)}
Costs: {'; '.join(f'{k}: {note}' for k, note in notes.items() if k in results)}.

## The router alone against the best single worker, at equal dollars

{best_single_table(results, 'router')}
## The evidence policy against baselines, pooled

Unweighted mean over sets of the paired difference, with the sets' variances added; in brackets the number of sets. Budgets are
shares of the best single worker's dollars. First over the sets with answers, then over all.

{pooled_table(answers, 'evidence')}
{pooled_table(results, 'evidence')}
## What each part of it gives, pooled over the sets with answers

The same policy without agreement between answers, without verdicts (where there are any), without the pairs' error correlation, without the router's estimates, asking one worker
only by those estimates, without what answers look like, and asking the whole team every time.

{pooled_table(answers, 'evidence', ABLATIONS)}
## The router against baselines, pooled over all sets

{pooled_table(results, 'router')}
## AIQ

{figure_table(results, lambda p: p['aiq'], names)}
## Quality at the best single worker's dollars

{figure_table(results, lambda p: p['at_best_single_cost']['quality'], names)}
## Questions that only one to three workers answer right: share right, at the best single worker's dollars

{figure_table(results, lambda p: p['solved_when_1_to_3_can'], names, 1)}
(On sets with two or three workers these are all questions that anybody answers right.)

## RouteLLM's sets beside the published figures

{routellm_table(results)}
## Time

Median over sets (least to most), one core, while the machine had other work; a question's features are given, the evidence policy's time is for the whole question.

{speed_table(results)}"""
    (out / "learned_routing.md").write_text(md)
    keep = ("quality", "cost_usd", "calls", "tokens", "aiq", "aiq_to_best_single", "at_best_single_cost", "cost_to_match_best_single",
            "oracle_gap_closed", "solved_when_1_to_3_can", "decision_us", "fit_seconds", "apgr", "cpt50", "cpt80")
    for r in results.values():
        for d in r["data"]:
            d["file"] = "/".join(d["file"].split("/")[-2:])  # where the folder lies is nobody's business
    small = {key: {**{k: r[k] for k in ("data", "seeds", "train_share", "revision", "machine", "best_single", "oracle")},
                   "policies": {n: {k: p[k] for k in keep if k in p} for n, p in r["policies"].items()}} for key, r in results.items()}
    (out / "learned_routing.json").write_text(json.dumps(small, separators=(",", ":")).replace('},"', '},\n"') + "\n")
