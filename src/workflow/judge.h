// Inside workflow/: how a check asks a model, within the step's lease; and what its verdicts are worth.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pool/pool.h"
#include "verify/verifier.h"

namespace baton::workflow {

class Judge : public verify::Asker {
 public:
  Judge(pool::Pool& pool, const pool::Worker* worker, budget::Lease* lease, Cancel* cancel,
        pool::RetryPolicy retry)
      : pool_(pool), worker_(worker), lease_(lease), cancel_(cancel), retry_(retry) {}
  Task<Result<std::string>> Ask(std::string system, std::string user, std::int64_t max_tokens,
                                std::vector<std::string> words) override;
  Task<Result<std::vector<std::vector<float>>>> Embed(std::vector<std::string> texts) override;
  std::vector<pool::CallRecord> TakeCalls() { return std::move(calls_); }

 private:
  pool::Pool& pool_;
  const pool::Worker* worker_;
  budget::Lease* lease_;
  Cancel* cancel_;
  pool::RetryPolicy retry_;
  std::vector<pool::CallRecord> calls_;
};

// P(the answer is right) after verdicts of checks with known error rates, by Bayes from even odds, the checks
// taken as independent. Checks nobody measured move it only where none has been measured: then their own
// score counts.
class Belief {
 public:
  void Add(const verify::Verifier& check, const verify::Judgement& judgement);
  // Unset: no check could tell.
  std::optional<double> confidence() const;

 private:
  double odds_ = 1;
  bool measured_ = false;
  double score_ = 0.5;
  bool scored_ = false;
};

}  // namespace baton::workflow
