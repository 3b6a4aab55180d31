#include "cli/verdicts.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "evaluate/run.h"
#include "net/loop.h"
#include "verify/sandbox.h"
#include "verify/verifier.h"

namespace baton::cli {
namespace {

using Checks = std::vector<std::shared_ptr<const verify::Verifier>>;

// A line per verdict, "<hash in hex> <verdict>"; one that cannot be read is passed over.
class Kept {
 public:
  Status Open(const std::string& path) {
    if (path.empty()) return {};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      std::uint64_t key = 0;
      int verdict = 0;
      const char* end = line.data() + line.size();
      const auto [after, bad] = std::from_chars(line.data(), end, key, 16);
      if (bad != std::errc() || after == end) continue;
      if (std::from_chars(after + 1, end, verdict).ec == std::errc() && verdict >= -1 && verdict <= 1)
        known_[key] = static_cast<std::int8_t>(verdict);
    }
    out_.open(path, std::ios::app);
    path_ = path;
    return Check();
  }
  std::optional<std::int8_t> Find(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(key);
    return at == known_.end() ? std::nullopt : std::optional(at->second);
  }
  void Add(std::uint64_t key, std::int8_t verdict) {
    const std::lock_guard lock(mutex_);
    known_[key] = verdict;
    // What could not be told here (no sandbox, a module that is missing) may be told elsewhere.
    if (verdict != 0 && out_.is_open())
      out_ << fmt::format("{:016x} {}\n", key, static_cast<int>(verdict)) << std::flush;
  }
  Status Check() const {
    if (path_.empty() || out_) return {};
    return Fail(Code::kInternal, fmt::format("cannot write {}", path_), "unwritable_file");
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::int8_t> known_;
  std::string path_;
  std::ofstream out_;
};

Result<Checks> MakeChecks(const VerdictOptions& options) {
  verify::Tools tools;
  verify::Sandbox::Options room;
  room.threads = options.jobs;
  auto sandbox = verify::Sandbox::Create(room);
  if (sandbox) tools.sandbox = std::move(*sandbox);  // without one the verifiers that need it say so
  Checks checks;
  for (const std::string& name : options.verifiers) {
    TRY(auto check, verify::Make({.name = name, .options = {}}, tools));
    if (check->cost().asks_model) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("verifier '{}' asks a model; recorded answers are judged without one", name),
                  "verifier_asks_model");
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

Task<void> CheckInto(net::IoLoop& loop, const verify::Verifier& check, std::string_view question,
                     std::string_view answer, verify::Judgement* out) {
  static const chat::Request kNothingAsked;
  verify::Subject subject;
  subject.question = question;
  subject.answer = answer;
  subject.request = &kNothingAsked;
  const verify::Context context{.loop = loop, .deadline = {}};
  *out = co_await check.Check(subject, context);
}

std::int8_t VerdictOf(const verify::Verifier& check, std::string_view question, std::string_view answer) {
  verify::Judgement judgement;
  net::RunBlocking([&](net::IoLoop& loop) { return CheckInto(loop, check, question, answer, &judgement); });
  if (judgement.verdict == verify::Verdict::kUnknown) return 0;
  return judgement.verdict == verify::Verdict::kAccept ? 1 : -1;
}

std::uint64_t KeyOf(const verify::Verifier& check, std::string_view question, std::string_view answer) {
  const std::string head = fmt::format("{} {} {:016x}\n", check.name(), check.version(), Hash64(question));
  return Hash64(head + std::string(answer));
}

void JudgeRow(evaluate::Row& row, const Checks& checks, Kept& kept) {
  for (evaluate::Cell& cell : row.cells) {
    if (!cell.recorded) continue;
    const std::string_view answer = cell.answer.empty() ? cell.response : cell.answer;
    cell.verdicts.clear();
    for (const auto& check : checks) {
      const std::uint64_t key = KeyOf(*check, row.prompt, answer);
      const auto known = kept.Find(key);
      cell.verdicts.push_back(known ? *known : VerdictOf(*check, row.prompt, answer));
      if (!known) kept.Add(key, cell.verdicts.back());
    }
  }
}

}  // namespace

Status AddVerdicts(evaluate::OutcomeMatrix& matrix, const VerdictOptions& options) {
  TRY(const Checks checks, MakeChecks(options));
  Kept kept;
  TRY_VOID(kept.Open(options.kept));
  std::mutex mutex;
  std::size_t done = 0;
  evaluate::InParallel(matrix.rows.size(), options.jobs, [&](std::size_t r) {
    JudgeRow(matrix.rows[r], checks, kept);
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(done, matrix.rows.size());
  });
  return kept.Check();
}

}  // namespace baton::cli
