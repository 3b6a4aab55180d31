// `baton eval`: recorded outcomes in, a report out.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "base/machine.h"
#include "cli/commands.h"
#include "cli/revision.h"
#include "cli/verdicts.h"
#include "evaluate/import.h"
#include "evaluate/report.h"
#include "evaluate/run.h"
#include "lm/distil.h"

namespace baton::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// A table beside the data, or beside its folder, is meant for it.
std::string FindPrices(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    const fs::path folder = fs::absolute(file).parent_path();
    for (const auto& path : {folder / "prices.json", folder.parent_path() / "prices" / "prices.json"})
      if (fs::exists(path)) return path.string();
  }
  return {};
}

// Without the table hashed words stand in for its vectors; the report says which it was.
std::string FindTable(const std::string& folder) {
  const fs::path path = fs::path(folder) / lm::kTableFile;
  if (fs::exists(path)) return path.string();
  fmt::print(stderr,
             "baton: {} is not here, hashed words take its place ('baton models pull --all' makes it)\n",
             path.string());
  return {};
}

Status Write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.flush();
  if (!out) return Fail(Code::kInternal, fmt::format("cannot write {}", path), "unwritable_file");
  return {};
}

Result<Json> ReadResult(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(Code::kNotFound, fmt::format("cannot read {}", path), "unreadable_file");
  Json json = Json::parse(in, nullptr, false);
  if (json.is_discarded())
    return Fail(Code::kInvalidRequest, fmt::format("{}: this is not JSON", path), "bad_result_file");
  return json;
}

// Progress on stderr: nothing in the first two seconds, then one moving line on a terminal, a line now and
// then elsewhere.
class Progress {
 public:
  void operator()(const std::string& what, std::size_t done, std::size_t of) {
    const auto now = SystemClock().Now();
    const bool last = done == of;
    if (now - start_ < std::chrono::seconds(2) && !last) return;
    const bool terminal = IsTerminal(2);
    if (!terminal && !last && now - said_ < std::chrono::seconds(10)) return;
    if (last && said_ == start_) return;  // quick enough to say nothing
    said_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double left = seconds / static_cast<double>(done) * static_cast<double>(of - done);
    const std::size_t filled = 24 * done / of;
    fmt::print(stderr, "{}[{:#<{}}{:.<{}}] {}/{} {:.0f} s left  {}{}", terminal ? "\r\033[K" : "", "", filled,
               "", 24 - filled, done, of, left, what, terminal && !last ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  TimePoint start_ = SystemClock().Now(), said_ = start_;
};

void SayPrices(const evaluate::EvalConfig& config) {
  if (config.prices.empty())
    fmt::print(stderr,
               "baton: no price table given or found beside the data; costs that are not recorded come from "
               "built-in list prices\n");
}

Result<Json> Evaluate(const evaluate::EvalConfig& config, const EvalOptions& options) {
  TRY(auto study, evaluate::Prepare(config));
  for (const auto& file : study.files) {
    for (const auto& p : file.report.problems) fmt::print(stderr, "{}:{}: {}\n", file.file, p.line, p.what);
    if (file.report.problem_count > file.report.problems.size())
      fmt::print(stderr, "{}: {} more problems\n", file.file,
                 file.report.problem_count - file.report.problems.size());
  }
  Progress progress;
  evaluate::RunOptions run;
  run.jobs =
      options.jobs > 0 ? options.jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (!config.verify.empty()) {
    Progress judging;
    TRY_VOID(AddVerdicts(study.matrix, {.verifiers = config.verify,
                                        .kept = options.verdicts,
                                        .jobs = run.jobs,
                                        .progress = [&](std::size_t done, std::size_t of) {
                                          judging("verdicts", done, of);
                                        }}));
  }
  run.revision = std::string(Revision());
  if (!options.json.empty()) run.resume = options.json + ".parts";
  if (!options.parts.empty()) run.resume = options.parts;
  run.trusted = options.trusted;
  run.progress = [&](const std::string& what, std::size_t done, std::size_t of) { progress(what, done, of); };
  TRY(const auto tallies, evaluate::Run(study, run, SystemClock()));
  return evaluate::BuildReport(study, tallies, {std::string(Revision()), Machine(), run.jobs});
}

Status Deliver(const Json& report, const EvalOptions& options) {
  if (!options.json.empty()) {
    TRY_VOID(Write(options.json, report.dump(1) + "\n"));
    std::error_code ignored;
    if (options.parts.empty()) fs::remove(options.json + ".parts", ignored);
  }
  if (!options.html.empty()) TRY_VOID(Write(options.html, evaluate::ReportHtml(report)));
  fmt::print("{}", evaluate::ReportText(report));
  return {};
}

int Rerun(const EvalOptions& options) {
  auto was = ReadResult(options.rerun);
  if (!was) return Complain(was.error());
  auto config = evaluate::ConfigOf(*was);
  if (!config) return Complain(config.error());
  if (!options.data.empty()) config->files = options.data;
  auto is = Evaluate(*config, options);
  if (!is) return Complain(is.error());
  if (auto status = Deliver(*is, options); !status) return Complain(status.error());
  const auto differences = evaluate::Differences(*was, *is);
  for (const auto& d : differences) fmt::print("differs: {}\n", d);
  if (differences.empty()) fmt::print("\nreproduced: every figure of {} is the same\n", options.rerun);
  return differences.empty() ? 0 : 1;
}

}  // namespace

int Eval(const EvalOptions& options) {
  if (!options.rerun.empty()) return Rerun(options);
  if (options.data.empty()) {
    fmt::print(stderr, "baton: say --data FILE... or --rerun FILE; 'baton eval --help' shows an example\n");
    return 2;
  }
  evaluate::EvalConfig config;
  config.files = options.data;
  config.prices = options.prices.empty() ? FindPrices(options.data) : options.prices;
  config.table = FindTable(options.models);
  config.policies = options.policies;
  config.verify = options.verify;
  config.train_share = options.train_share;
  config.seeds = options.seeds;
  config.first_seed = options.first_seed;
  config.points = options.points;
  config.draws = options.draws;
  config.score_scale = options.score_scale;
  SayPrices(config);
  auto report = Evaluate(config, options);
  if (!report) return Complain(report.error());
  if (auto status = Deliver(*report, options); !status) return Complain(status.error());
  return 0;
}

int EvalImport(const EvalImportOptions& options) {
  auto report = evaluate::Import(options.format, options.files, options.out);
  if (!report) return Complain(report.error());
  for (const auto& p : report->problems) fmt::print(stderr, "{}\n", p.what);
  fmt::print("{}  {} rows, {} workers\n", options.out, report->rows, report->workers);
  return 0;
}

}  // namespace baton::cli
