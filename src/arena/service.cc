#include "arena/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/signal.h"
#include "workflow/plan_prompt.h"
#include "workflow/plan_text.h"

namespace baton::arena {
namespace {

using nlohmann::json;

Error Bad(std::string what, std::string param = {}) {
  return Fail(Code::kInvalidRequest, std::move(what), "bad_request", std::move(param));
}

// A field of the wrong kind is the caller's mistake, told by name.
Result<std::int64_t> Whole(const json& in, const char* name, std::int64_t standard, std::int64_t low,
                           std::int64_t high) {
  if (!in.contains(name)) return standard;
  if (!in[name].is_number_integer()) return Bad(fmt::format("'{}' must be a whole number", name), name);
  const auto v = in[name].get<std::int64_t>();
  if (v < low || v > high) return Bad(fmt::format("'{}' lies between {} and {}", name, low, high), name);
  return v;
}

Result<std::string> Word(const json& in, const char* name, const std::string& standard) {
  if (!in.contains(name)) return standard;
  if (!in[name].is_string()) return Bad(fmt::format("'{}' must be a text", name), name);
  return in[name].get<std::string>();
}

std::vector<std::string> Split(const std::string& text, char by) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == by)
      out.emplace_back();
    else
      out.back().push_back(c);
  }
  return out;
}

std::optional<std::uint64_t> Number(const std::string& text) {
  std::uint64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

json StepsOf(const Rollout& r) {
  json out = json::array();
  for (const auto& s : r.steps)
    out.push_back(
        {{"worker", s.worker}, {"role", s.role}, {"status", s.status}, {"text", s.text.substr(0, 2000)}});
  return out;
}

std::string Dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

// Id: split:seed:index:easiest:hardest:k:families, families joined with '+'.
struct Service::Item {
  Problem problem;
  std::vector<const pool::Worker*> team;
};

// Who waits for one of max_running places, first come first served.
struct Service::Turns {
  std::deque<std::shared_ptr<Signal>> waiting;
};

Service::Service(Environment& environment, ServiceOptions options)
    : environment_(environment),
      options_(options),
      train_(MakeWorld("train", options.world_seed)),
      test_(MakeWorld("test", options.world_seed)),
      turns_(std::make_unique<Turns>()) {}

Service::~Service() = default;

Result<Service::Item> Service::ItemOf(const std::string& id) const {
  const auto parts = Split(id, ':');
  const auto bad = [&] { return Bad("'id' is none that a reset gave", "id"); };
  if (parts.size() != 7 || id.size() > 300) return bad();
  const auto seed = Number(parts[1]), index = Number(parts[2]), easiest = Number(parts[3]),
             hardest = Number(parts[4]), k = Number(parts[5]);
  if (!seed || !index || !easiest || !hardest || !k || *easiest > 3 || *hardest > 3) return bad();
  GenerateOptions o;
  o.split = parts[0];
  o.seed = *seed;
  o.easiest = static_cast<int>(*easiest);
  o.hardest = static_cast<int>(*hardest);
  if (!parts[6].empty()) o.families = Split(parts[6], '+');
  Item item;
  TRY(item.problem, GenerateOne(o, *index, o.split == "test" ? test_ : train_));
  for (const auto& w : environment_.workers()) item.team.push_back(w.get());
  if (*k > item.team.size()) return bad();
  // A team of its own for every problem, always the same one.
  Random random(*seed * 31 + *index * 7 + *k);
  for (std::size_t i = item.team.size(); *k > 0 && i > 1; --i)
    std::swap(item.team[i - 1], item.team[random.Below(i)]);
  if (*k > 0) item.team.resize(*k);
  return item;
}

Result<std::string> Service::Reset(std::string_view body) const {
  const json in = json::parse(body, nullptr, false);
  if (!in.is_object()) return Bad("the body must be a JSON object");
  TRY(const std::string split, Word(in, "split", "train"));
  TRY(const auto seed, Whole(in, "seed", 1, 0, 1'000'000'000));
  TRY(const auto index, Whole(in, "index", 0, 0, 1'000'000'000));
  TRY(const auto easiest, Whole(in, "easiest", 1, 1, 3));
  TRY(const auto hardest, Whole(in, "hardest", 3, 1, 3));
  TRY(const auto k, Whole(in, "k", 0, 0, static_cast<std::int64_t>(environment_.workers().size())));
  std::vector<std::string> families;
  if (in.contains("families")) {
    if (!in["families"].is_array()) return Bad("'families' must be a list of names", "families");
    for (const auto& f : in["families"]) {
      if (!f.is_string()) return Bad("'families' must be a list of names", "families");
      families.push_back(f.get<std::string>());
    }
  }
  const std::string id =
      fmt::format("{}:{}:{}:{}:{}:{}:{}", split, seed, index, easiest, hardest, k, fmt::join(families, "+"));
  TRY(const Item item, ItemOf(id));
  json workers = json::array();
  for (const auto* w : item.team) workers.push_back(w->name);
  const std::int64_t now = environment_.loop().clock().UnixNanos() / 1'000'000'000;
  return Dump({{"id", id},
               {"question", item.problem.prompt},
               {"prompt", item.problem.prompt + "\n\n" +
                              workflow::PlannerTask(item.team, options_.max_steps, now, false)},
               {"family", item.problem.family},
               {"difficulty", item.problem.difficulty},
               {"workers", workers}});
}

Task<std::string> Service::Scored(std::string id, std::string completion) {
  json out = {{"id", id},    {"reward", 0},  {"parsed", false},        {"score", 0},
              {"error", ""}, {"answer", ""}, {"steps", json::array()}, {"cost_usd", 0},
              {"tokens", 0}, {"calls", 0}};
  const auto failed = [&](const Error& e) {
    out["error"] = e.Name();
    out["message"] = e.message;
    return Dump(out);
  };
  auto item = ItemOf(id);
  if (!item) co_return failed(item.error());
  if (completion.size() > options_.max_completion)
    co_return failed(Fail(Code::kTooLarge, "the completion is too long", "too_long"));
  auto written = workflow::ParseLists(completion, static_cast<std::size_t>(options_.max_steps));
  if (!written) co_return failed(written.error());
  if (written->empty()) co_return failed(Bad("three empty lists keep an answer, and there is none yet"));
  workflow::Plan plan;
  plan.workflow = "planned";
  if (Status fine = workflow::AppendWritten(*written, item->team, "s", &plan); !fine)
    co_return failed(fine.error());
  plan.steps.back().answers_client = true;

  while (running_ >= options_.max_running) {
    auto turn = std::make_shared<Signal>(environment_.loop());
    turns_->waiting.push_back(turn);
    (void)co_await turn->Wait();
  }
  ++running_;
  Episode episode;
  episode.problem = &item->problem;
  episode.plan = std::move(plan);
  const Rollout r = co_await environment_.Play(std::move(episode));
  --running_;
  if (!turns_->waiting.empty()) {
    turns_->waiting.front()->Set();
    turns_->waiting.pop_front();
  }
  // A plan that the check refuses is as good as none; a worker that failed was the plan's own choice.
  const bool ran = r.error != "invalid_plan" && r.error != "policy_violation";
  const double usd = static_cast<double>(r.cost.v) * 1e-9;
  double reward = !ran ? 0 : r.score >= 1 ? 1 : 0.5 + 0.5 * r.score;
  if (ran && options_.usd_per_right > 0) reward -= usd / options_.usd_per_right;
  out["parsed"] = ran;
  out["reward"] = reward;
  out["score"] = r.score;
  out["error"] = r.error;
  out["answer"] = r.answer;
  out["steps"] = StepsOf(r);
  out["cost_usd"] = usd;
  out["tokens"] = r.tokens;
  out["calls"] = r.calls;
  co_return Dump(out);
}

namespace {

struct ToScore {
  std::string id, completion;
};

Result<ToScore> ToScoreOf(const json& in) {
  if (!in.is_object()) return Bad("an item must be a JSON object");
  ToScore out;
  TRY(out.id, Word(in, "id", ""));
  if (!in.contains("completion")) return Bad("'completion' is missing", "completion");
  TRY(out.completion, Word(in, "completion", ""));
  return out;
}

}  // namespace

Task<Result<std::string>> Service::Score(std::string body) {
  const json in = json::parse(body, nullptr, false);
  auto item = ToScoreOf(in);
  if (!item) co_return std::move(item).error();
  if (waiting_ >= options_.max_waiting)
    co_return Fail(Code::kOverloaded, "as many items wait as may; try again shortly", "env_busy");
  ++waiting_;
  std::string out = co_await Scored(std::move(item->id), std::move(item->completion));
  --waiting_;
  co_return out;
}

namespace {

// Scores of one batch, as they come in.
struct Gather {
  explicit Gather(Loop& loop) : all(loop) {}
  std::vector<std::string> out;
  std::size_t left = 0;
  Signal all;
};

Task<void> Into(Gather* g, std::size_t at, Task<std::string> task) {
  g->out[at] = co_await std::move(task);
  if (--g->left == 0) g->all.Set();
}

}  // namespace

Task<Result<std::string>> Service::Batch(std::string body) {
  const json in = json::parse(body, nullptr, false);
  if (!in.is_object() || !in.contains("items") || !in["items"].is_array())
    co_return Bad("'items' must be a list", "items");
  const json& items = in["items"];
  if (items.size() > options_.max_batch)
    co_return Fail(Code::kTooLarge,
                   fmt::format("{} items; at most {} in one batch", items.size(), options_.max_batch),
                   "batch_too_large", "items");
  if (waiting_ + items.size() > options_.max_waiting)
    co_return Fail(Code::kOverloaded, "as many items wait as may; try again shortly", "env_busy");
  Gather gather(environment_.loop());
  gather.out.resize(items.size());
  waiting_ += items.size();
  gather.left = items.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto item = ToScoreOf(items[i]);
    // Wrong items are answered in their place: a trainer's other rollouts are not lost for it.
    if (!item) item = ToScore{"", ""};
    Spawn(Into(&gather, i, Scored(std::move(item->id), std::move(item->completion))));
  }
  while (gather.left > 0) (void)co_await gather.all.Wait();
  waiting_ -= items.size();
  co_return fmt::format("{{\"results\":[{}]}}", fmt::join(gather.out, ","));
}

std::string Service::Describe() const {
  json families = json::array(), workers = json::array();
  for (const auto& f : Families())
    families.push_back(
        {{"name", f.name}, {"what", f.doc}, {"train_forms", f.train.size()}, {"test_forms", f.test.size()}});
  for (const auto& w : environment_.workers()) workers.push_back(w->name);
  return Dump({{"families", families},
               {"splits", {"train", "test"}},
               {"workers", workers},
               {"max_steps", options_.max_steps},
               {"max_batch", options_.max_batch}});
}

}  // namespace baton::arena
