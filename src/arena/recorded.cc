#include "arena/recorded.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "exact/reading.h"

namespace baton::arena {
namespace {

// By prompt; of equal prompts the first row.
using Rows = std::unordered_map<std::string, const RecordedRow*>;

class RecordedBackend : public pool::Backend {
 public:
  RecordedBackend(std::size_t worker, std::string name, std::shared_ptr<const Rows> rows)
      : worker_(worker), name_(std::move(name)), rows_(std::move(rows)) {}

  Task<pool::AttemptResult> Chat(const pool::Attempt& attempt) override {
    pool::AttemptResult out;
    out.sent = true;
    const RecordedCell* cell = Find(*attempt.request);
    if (!cell) {
      out.failure = provider::Failure{
          provider::Fault::kClientRequest,
          Fail(Code::kNotFound, "nothing is recorded of worker '" + name_ + "' for this question",
               "not_recorded")};
      co_return out;
    }
    out.first_byte_seen = true;
    out.response.model = name_;
    chat::Choice& choice = out.response.choices.emplace_back();
    choice.message.role = chat::Role::kAssistant;
    choice.message.parts.emplace_back(chat::Text{cell->response.empty() ? "-" : cell->response, {}});
    choice.finish = chat::Finish::kStop;
    out.response.usage.input = cell->prompt_tokens;
    out.response.usage.output = cell->completion_tokens;
    out.response.usage.known = true;
    co_return out;
  }
  Task<EmbedResult> Embed(const chat::EmbedRequest&, Deadline, Cancel*) override { co_return EmbedResult{}; }
  Result<std::vector<provider::Loss>> Explain(const chat::Request&) const override {
    return std::vector<provider::Loss>{};
  }

 private:
  const RecordedCell* Find(const chat::Request& request) const {
    const auto at = rows_->find(exact::Read(request).question);
    if (at == rows_->end() || !at->second->cells[worker_].recorded) return nullptr;
    return &at->second->cells[worker_];
  }
  const std::size_t worker_;
  const std::string name_;
  const std::shared_ptr<const Rows> rows_;
};

std::string Key(const std::string& prompt) {
  chat::Request r;
  chat::Message m;
  m.parts.emplace_back(chat::Text{prompt, {}});
  r.messages.push_back(std::move(m));
  return exact::Read(r).question;
}

std::shared_ptr<const pool::Worker> WorkerOf(const RecordedSet& set, std::size_t index) {
  auto w = std::make_shared<pool::Worker>();
  w->name = set.workers[index];
  w->dialect = "recorded";
  w->target.model = w->name;
  w->data.classes = {"public", "internal", "personal", "secret"};
  double sum = 0;
  std::size_t n = 0;
  for (const auto& row : set.rows) {
    const RecordedCell& c = row.cells[index];
    if (!c.recorded || !std::isfinite(c.cost_usd)) continue;
    sum += c.cost_usd;
    ++n;
  }
  budget::PriceRow price;
  price.call = budget::Nanos{n > 0 ? static_cast<std::int64_t>(sum / static_cast<double>(n) * 1e9) : 0};
  w->prices = budget::PriceTable({price});
  w->priced = true;
  w->max_queue = 100'000;
  return w;
}

}  // namespace

std::vector<Problem> ProblemsOf(const RecordedSet& set) {
  std::vector<Problem> out;
  for (const auto& row : set.rows) {
    Problem p = {};
    p.id = row.id;
    p.family = row.slice;
    p.prompt = row.prompt;
    p.reference = row.reference;
    out.push_back(std::move(p));
  }
  return out;
}

Result<std::unique_ptr<Environment>> CreateRecorded(Loop& loop, const RecordedSet& set) {
  if (set.workers.empty())
    return Fail(Code::kInvalidRequest, "the recording names no workers", "bad_recording");
  auto rows = std::make_shared<Rows>();
  auto scores = std::make_shared<std::unordered_map<std::string, const RecordedRow*>>();
  for (const auto& row : set.rows) {
    if (row.cells.size() != set.workers.size())
      return Fail(
          Code::kInvalidRequest,
          fmt::format("row '{}' has {} cells for {} workers", row.id, row.cells.size(), set.workers.size()),
          "bad_recording");
    rows->emplace(Key(row.prompt), &row);
    scores->emplace(row.id, &row);
  }
  Environment::Options options;
  for (std::size_t i = 0; i < set.workers.size(); ++i) options.workers.push_back(WorkerOf(set, i));
  const auto index = [&set](const std::string& name) -> std::size_t {
    for (std::size_t i = 0; i < set.workers.size(); ++i) {
      if (set.workers[i] == name) return i;
    }
    return set.workers.size();
  };
  options.backend = [rows, index](std::shared_ptr<const pool::Worker> w) -> std::unique_ptr<pool::Backend> {
    return std::make_unique<RecordedBackend>(index(w->name), w->name, rows);
  };
  options.score = [scores, index](const Problem& p, const Rollout& r) {
    const auto at = scores->find(p.id);
    const std::size_t worker = index(r.worker);
    return at == scores->end() || worker >= at->second->cells.size() ? 0 : at->second->cells[worker].score;
  };
  return Environment::Create(loop, std::move(options));
}

}  // namespace baton::arena
