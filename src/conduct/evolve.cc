// Evolution by played episodes, with a checkpoint after every generation.
//
// What is random in a generation is drawn from the seed and the generation's number, and the state between
// two generations is the optimiser's and the curve: so a run that was killed goes on from its checkpoint as
// if it had not been. What the workers answer is the same as long as they are asked with temperature 0 or the
// memo remembers.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "conduct/file.h"
#include "conduct/generation.h"

namespace baton::conduct {
namespace {

using nlohmann::json;
constexpr const char* kFormat = "baton-coordinator-checkpoint";

// What must be the same for a checkpoint to be continued.
std::string Fingerprint(const Coordinator& start, const std::vector<arena::Problem>& problems,
                        const OptimiseOptions& o, const RolloutOptions& r) {
  std::string text = fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", o.seed, o.replications, o.population,
                                 o.sigma, r.usd_per_right, r.max_answer, start.base.name,
                                 start.base.parameters, start.turns, start.roles);
  for (const auto& w : start.workers) text += "|" + w;
  for (const auto& p : problems) text += "|" + p.id + p.prompt;
  for (const float v : start.head) text += fmt::format("{:a}", v);
  for (const double v : o.spread) text += fmt::format("{:a}", v);
  return HashOf(text);
}

json ToJson(const CurveRow& r) {
  return {r.generation, r.mean, r.best, r.score, r.usd, r.turns, r.sigma, r.rollouts};
}
CurveRow RowFrom(const json& j) {
  return {j.at(0).get<int>(),    j.at(1).get<double>(), j.at(2).get<double>(), j.at(3).get<double>(),
          j.at(4).get<double>(), j.at(5).get<double>(), j.at(6).get<double>(), j.at(7).get<std::int64_t>()};
}

struct State {
  SepCmaEs es;
  std::vector<CurveRow> curve;
};

Status SaveState(const State& s, const std::string& fingerprint, const std::string& path) {
  json curve = json::array();
  for (const auto& r : s.curve) curve.push_back(ToJson(r));
  json out = {{"format", kFormat},
              {"version", 1},
              {"fingerprint", fingerprint},
              {"curve", curve},
              {"optimiser", s.es.Write()}};
  out["hash"] = HashOf(out.dump());
  return WriteWhole(path, out.dump());
}

Result<State> LoadState(const std::string& path, const std::string& fingerprint) {
  const auto bad = [&](const char* what) {
    return Fail(Code::kInvalidRequest, fmt::format("{}: {}", path, what), "bad_checkpoint");
  };
  TRY(const std::string text, ReadWhole(path));
  json in = json::parse(text, nullptr, false);
  if (!in.is_object() || in.value("format", json()) != kFormat)
    return bad("no checkpoint, or one that was cut short");
  const json hash = in.value("hash", json());
  in.erase("hash");
  if (!hash.is_string() || hash.get<std::string>() != HashOf(in.dump()))
    return bad("its content has been changed");
  if (in.value("fingerprint", json()) != fingerprint)
    return Fail(
        Code::kInvalidRequest,
        fmt::format(
            "{} belongs to a run with other settings (seed, problems, pool, base or start): remove it, or "
            "name another file",
            path),
        "other_checkpoint");
  try {
    TRY(SepCmaEs es, SepCmaEs::Read(in.at("optimiser").get<std::string>()));
    State out{std::move(es), {}};
    for (const auto& r : in.at("curve")) out.curve.push_back(RowFrom(r));
    return out;
  } catch (const json::exception&) {
    return bad("a field is missing or of the wrong kind");
  }
}

Coordinator WithHead(const Coordinator& like, const std::vector<double>& head) {
  Coordinator c = like;
  std::copy(head.begin(), head.end(), c.head.begin());
  return c;
}

Result<State> Begin(const Coordinator& start, const OptimiseOptions& o, const std::string& fingerprint) {
  if (o.resume && !o.checkpoint.empty()) {
    auto loaded = LoadState(o.checkpoint, fingerprint);
    // Killed before the first generation was done: there is nothing to resume, and nothing lost.
    if (loaded || loaded.error().code != Code::kNotFound) return loaded;
  }
  SepCmaEs es({std::vector<double>(start.head.begin(), start.head.end()), o.sigma,
               SpreadFor(o, start.parameters()), o.population, o.seed});
  return State{std::move(es), {}};
}

}  // namespace

Task<Result<Optimised>> Evolve(Rollouts& rollouts, const std::vector<arena::Problem>& problems,
                               Coordinator start, OptimiseOptions o) {
  const std::string fingerprint = Fingerprint(start, problems, o, rollouts.options());
  CO_TRY(State state, Begin(start, o, fingerprint));
  std::int64_t played = state.curve.empty() ? 0 : state.curve.back().rollouts;
  while (state.es.generation() < o.generations && !(o.stop && o.stop())) {
    const int g = state.es.generation();
    Random random = OfGeneration(o.seed, g, 17);
    const auto drawn = DrawProblems(problems, o.replications, random);
    std::vector<Coordinator> candidates;
    for (const auto& x : state.es.Ask()) candidates.push_back(WithHead(start, x));
    auto trials = TrialsOf(candidates, drawn, random);
    const auto runs = co_await rollouts.Play(std::move(trials));
    std::vector<double> utilities;
    CurveRow row = RowOf(g + 1, runs, drawn.size(), &utilities);
    for (double& u : utilities) u = -u;
    state.es.Tell(utilities);
    row.sigma = state.es.sigma();
    row.rollouts = played += static_cast<std::int64_t>(runs.size());
    state.curve.push_back(row);
    if (!o.checkpoint.empty()) CO_TRY_VOID(SaveState(state, fingerprint, o.checkpoint));
    if (o.on_row) o.on_row(row);
  }
  Optimised out;
  out.coordinator = WithHead(start, state.es.mean());
  out.curve = std::move(state.curve);
  out.rollouts = played;
  co_return out;
}

}  // namespace baton::conduct
