#include "evaluate/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "evaluate/near_duplicates.h"
#include "evaluate/policy.h"
#include "evaluate/tally_file.h"
#include "evaluate/text_features.h"

namespace baton::evaluate {
namespace {

Status ReadAll(Study& study) {
  ReadOptions options;
  options.score_scale = study.config.score_scale;
  for (const auto& path : study.config.files) {
    FileInfo info;
    const std::size_t before = study.matrix.rows.size();
    TRY_VOID(ReadMatrix(path, options, study.matrix, info.report));
    info.file = path;
    info.sha256 = study.matrix.sha256;
    info.rows = study.matrix.rows.size() - before;
    std::vector<char> seen(study.matrix.workers.size());
    for (std::size_t r = before; r < study.matrix.rows.size(); ++r)
      for (std::size_t w = 0; w < seen.size(); ++w)
        if (study.matrix.rows[r].cells[w].recorded) seen[w] = 1;
    info.workers = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), 1));
    study.files.push_back(std::move(info));
  }
  return {};
}

// From far below the cheapest call to far above the dearest: at the low end no gain is worth a cent, at the
// high end a thousandth of a point is worth the dearest worker.
std::vector<double> ValueGrid(const OutcomeMatrix& matrix, int points) {
  double low = 0, high = 0;
  const std::size_t workers = matrix.workers.size();
  for (std::size_t w = 0; w < workers; ++w) {
    double sum = 0, n = 0;
    for (const Row& row : matrix.rows)
      if (row.cells[w].recorded) sum += row.cells[w].cost_usd, n += 1;
    if (n == 0 || sum == 0) continue;
    low = low == 0 ? sum / n : std::min(low, sum / n);
    high = std::max(high, sum / n);
  }
  if (high == 0) low = high = 1;
  const double from = std::max(low * 0.3, high * 1e-5), to = high * 300;
  std::vector<double> values;
  for (int k = 0; k < points; ++k)
    values.push_back(from * std::pow(to / from, points > 1 ? static_cast<double>(k) / (points - 1) : 0));
  return values;
}

Status CheckPolicies(const EvalConfig& config) {
  for (const auto& name : config.policies) {
    if (FindPolicy(name)) continue;
    std::string known;
    for (const auto& kind : PolicyKinds()) known += (known.empty() ? "" : ", ") + std::string(kind.name);
    return Fail(Code::kInvalidRequest, fmt::format("no policy '{}'; there are {}", name, known),
                "unknown_policy");
  }
  return {};
}

// (policy, seed) pairs, each an independent piece of work.
class Runner {
 public:
  Runner(const Study& study, const RunOptions& options, const Clock& clock, TallyFile& file)
      : study_(study), options_(options), file_(file), input_{study.matrix,   study.blocks, study.solved_by,
                                                              study.features, study.width,  study.embedded,
                                                              study.values,   clock} {}

  Tallies Run() {
    Tallies all;
    Anchor(all);
    for (const auto& kind : PolicyKinds()) {
      const auto& wanted = study_.config.policies;
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), kind.name) == wanted.end()) continue;
      all.policies.push_back({std::string(kind.name), std::vector<Tally>(study_.seeds.size()), {}});
    }
    const std::size_t tasks = all.policies.size() * study_.seeds.size();
    // Seed by seed, so that a run cut short has whole seeds.
    InParallel(tasks, options_.jobs, [&](std::size_t i) {
      One(all.policies[i % all.policies.size()], i / all.policies.size(), tasks);
    });
    return all;
  }

 private:
  void Anchor(Tallies& all) {
    for (const auto& worker : study_.matrix.workers) all.alone.push_back({worker, {}, {}});
    for (const SeedFacts& facts : study_.facts) {
      for (std::size_t w = 0; w < study_.matrix.workers.size(); ++w)
        all.alone[w].by_seed.push_back(RunAlone(input_, facts, w));
      all.anchors.push_back({all.alone[facts.best].by_seed.back(), all.alone[facts.cheapest].by_seed.back(),
                             all.alone[facts.dearest].by_seed.back(), RunOracle(input_, facts)});
    }
  }

  void One(PolicyTallies& policy, std::size_t s, std::size_t tasks) {
    const std::string key = fmt::format("{}/{}", policy.name, study_.seeds[s]);
    Tally tally;
    std::string revision = options_.revision;
    bool found = file_.Find(key + "@" + revision, tally);
    for (std::size_t i = 0; !found && i < options_.trusted.size(); ++i)
      found = file_.Find(key + "@" + (revision = options_.trusted[i]), tally);
    if (!found) {
      revision = options_.revision;
      const auto made = FindPolicy(policy.name)->make();
      tally = RunPolicy(input_, study_.facts[s], study_.seeds[s], *made);
      file_.Add(key + "@" + revision, tally);
    }
    policy.by_seed[s] = std::move(tally);
    const std::lock_guard lock(mutex_);
    if (std::find(policy.revisions.begin(), policy.revisions.end(), revision) == policy.revisions.end())
      policy.revisions.push_back(revision);
    ++done_;
    if (options_.progress) options_.progress(key, done_, tasks);
  }

  const Study& study_;
  const RunOptions& options_;
  TallyFile& file_;
  TallyInput input_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

// A finished part is of use again only to the same study.
std::string Fingerprint(const Study& study) {
  std::string all =
      fmt::format("{} {} {} {} {}", study.config.train_share, study.config.points, study.config.score_scale,
                  study.config.assumed_tokens, study.config.prices + ' ' + study.feature_id);
  for (const auto& file : study.files) all += " " + file.sha256;
  for (const auto& name : study.config.verify) all += " verify " + name;
  return all;
}

}  // namespace

Result<Study> Prepare(const EvalConfig& config) {
  TRY_VOID(CheckPolicies(config));
  Study study;
  study.config = config;
  TRY_VOID(ReadAll(study));
  std::vector<ListPrice> table;
  if (!config.prices.empty()) {
    TRY(table, ReadPrices(config.prices));
  }
  study.prices = FillCosts(study.matrix, table, config.assumed_tokens);
  std::vector<std::string_view> prompts;
  for (const Row& row : study.matrix.rows) prompts.push_back(row.prompt);
  const auto group = NearDuplicates(prompts);
  for (std::size_t r = 0; r < group.size(); ++r) study.near_duplicates += group[r] != r;
  study.blocks = MakeBlocks(study.matrix, group);
  study.solved_by = SolvedBy(study.matrix);
  TRY(Features features, FeaturesOf(study.matrix, config.table));
  study.features = std::move(features.x);
  study.width = features.width;
  study.embedded = features.embedded;
  study.feature_id = features.id;
  study.values = ValueGrid(study.matrix, config.points);
  for (int k = 0; k < config.seeds; ++k) {
    study.seeds.push_back(config.first_seed + static_cast<std::uint64_t>(k));
    Split split = MakeSplit(study.matrix, group, config.train_share, study.seeds.back());
    if (split.train.empty() || split.test.empty()) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("{} rows do not split into two parts at a train share of {}",
                              study.matrix.rows.size(), config.train_share),
                  "too_few_rows");
    }
    study.facts.push_back(FactsOf(study.matrix, std::move(split)));
  }
  return study;
}

Result<Tallies> Run(const Study& study, const RunOptions& options, const Clock& clock) {
  TallyFile file;
  if (!options.resume.empty()) TRY_VOID(file.Open(options.resume, Fingerprint(study)));
  Runner runner(study, options, clock, file);
  Tallies all = runner.Run();
  TRY_VOID(file.Check());
  return all;
}

}  // namespace baton::evaluate
