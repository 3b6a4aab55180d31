// The evidence policy at work: asks one worker, looks at what it said, and asks another only while the doubt
// that is left is worth the price (estimate/evidence_plan.h). The same code decides in `baton eval`.
//
// Answers of a team are held back until the belief has chosen one; a worker that answers alone streams. A
// request that brings tools gets one worker: what tools do cannot be taken back or voted on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "estimate/evidence_file.h"
#include "verify/verifier.h"
#include "workflow/chooser.h"

namespace baton::workflow {

class EvidenceChooser : public Chooser {
 public:
  struct Options {
    std::shared_ptr<const estimate::EvidenceModel> model;
    std::vector<const pool::Worker*> workers;  // model->workers in their order; null: may not be asked
    // Others that may be asked, for when none of the model's may: the first of them then answers.
    std::vector<const pool::Worker*> strangers;
    double value_usd = 0.01;  // of a right answer
    std::int64_t input_tokens = 0;
    std::int64_t unix_seconds = 0;
    bool tools = false;  // the request brings tools
    // P(right) per model worker, as a router says of this question; empty: no router.
    std::vector<float> prior{};
    // Checks of every answer; what they say counts by their measured error rates.
    std::vector<std::shared_ptr<const verify::Verifier>> checks{};
  };
  explicit EvidenceChooser(Options options);

  Task<NextSteps> Next(const Progress& progress) override;

 private:
  std::vector<double> Prices(const Progress& progress) const;
  std::vector<estimate::Opinion> Heard(const Progress& progress, std::vector<StepId>* steps) const;
  NextSteps Ask(const Progress& progress, int worker, std::string reason) const;
  NextSteps AskStranger(const Progress& progress) const;
  NextSteps Conclude(const Progress& progress, const std::vector<estimate::Opinion>& opinions,
                     const std::vector<StepId>& steps, const estimate::Advice& advice);
  const std::string& Name(int worker) const { return o_.model->workers[static_cast<std::size_t>(worker)]; }

  Options o_;
  estimate::Evidence::Choice choice_;
  bool chosen_ = false, over_ = false;
};

// What a chooser is made with for one request: the model's workers found among those the permit allows, by
// their own name or their provider's, and what a right answer is worth to this caller.
EvidenceChooser::Options EvidenceOptionsFor(std::shared_ptr<const estimate::EvidenceModel> model,
                                            const ChooserRequest& request, double value_usd,
                                            std::int64_t unix_seconds);

}  // namespace baton::workflow
