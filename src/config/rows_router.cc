// The keys under `router`.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {

const Shape& RouterShape() {
  using S = route::RouterSettings;
  static const Shape kShape{
      "router",
      "The learned router (docs/learned_routing.md): which worker is worth most for a request.",
      {
          MakeRow(Kind::kText, "model", Into<&RouterDraft::model>,
                  "File that `baton train router` made, relative to the config file. A file that cannot be "
                  "used is "
                  "reported, and the last good one stays (at the start: the baselines)."),
          MakeRow(
              Kind::kText, "evidence", Into<&RouterDraft::evidence>,
              "File that `baton train evidence` made: what `use: {policy: evidence}` decides by "
              "(docs/evidence.md). A file that cannot be used is refused; at a reload the configuration in "
              "place stays."),
          MakeRow(Kind::kText, "table", Into<&RouterDraft::table>,
                  "The static table of `baton models pull minilm-static`. Without it rules alone decide.")
              .Default("models/minilm-static.table"),
          MakeRow(Kind::kNumber, "value_usd", Into<&RouterDraft::v, &S::value_usd>,
                  "What a right answer is worth in USD, where the caller does not say (`baton-quality`).")
              .Between(0, 1e6)
              .Default("0.01"),
          MakeRow(Kind::kNumber, "caution", Into<&RouterDraft::v, &S::caution>,
                  "How many standard deviations are taken off an estimate of quality.")
              .Between(0, 10)
              .Default("0.5"),
          MakeRow(Kind::kNumber, "waiting_usd_per_s", Into<&RouterDraft::v, &S::waiting_usd_per_s>,
                  "What a second of the caller's time is worth in USD.")
              .Between(0, 1000)
              .Default("0"),
          MakeRow(Kind::kNumber, "output_tokens_per_s", Into<&RouterDraft::v, &S::output_tokens_per_s>,
                  "How fast workers are expected to write, for the cost of waiting.")
              .Between(0.1, 1e6)
              .Default("60"),
      }};
  return kShape;
}

}  // namespace baton::config
