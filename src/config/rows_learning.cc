// The keys under `learning`.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {

const Shape& LearningShape() {
  using S = learn::Settings;
  using D = LearningDraft;
  static const Shape kShape{
      "learning",
      "What the router learns from traffic, and what trying costs at most (docs/promotion.md).",
      {
          MakeRow(Kind::kFlag, "adapt", Into<&D::v, &S::adapt>,
                  "Feedback corrects the router's estimates; old feedback fades.")
              .Default("false"),
          MakeRow(Kind::kNumber, "half_life", Into<&D::v, &S::half_life>, "Ratings until one counts half.")
              .Between(10, 1e6)
              .Default("300"),
          MakeRow(
              Kind::kFlag, "explore", Into<&D::v, &S::explore>,
              "Now and then another worker than the best known, with a known probability, so that what is "
              "never chosen can be judged too.")
              .Default("false"),
          MakeRow(Kind::kMoney, "explore_usd_per_day", Into<&D::v, &S::explore_usd_per_day>,
                  "What exploring may cost a day beyond the best choices, as expected. Kept over restarts.")
              .Default("1"),
          MakeRow(Kind::kNumber, "explore_share", Into<&D::v, &S::explore_share>,
                  "Share of requests that may go to another worker than the best known, at most.")
              .Between(0, 1)
              .Default("0.1"),
          MakeRow(Kind::kNumber, "explore_floor", Into<&D::v, &S::explore_floor>,
                  "Share of requests that fall evenly on all workers, so that each has a known chance.")
              .Between(0, 0.5)
              .Default("0.01"),
          MakeRow(Kind::kMoney, "shadow_usd_per_day", Into<&D::v, &S::shadow_usd_per_day>,
                  "What asking a shadow's workers in the background may cost a day; 0: it only decides.")
              .Default("1"),
          MakeRow(Kind::kNumber, "shadow_share", Into<&D::v, &S::shadow_share>,
                  "Share of the requests that a candidate in shadow decides otherwise: its worker is asked "
                  "too.")
              .Between(0, 1)
              .Default("0.1"),
          MakeRow(Kind::kText, "single", Into<&D::v, &S::single>,
                  "The best single worker, which a canary is compared with. Without it: the baseline of the "
                  "first route with `policy: learned`."),
          MakeRow(Kind::kTexts, "opt_out_tenants", Into<&D::v, &S::opt_out_tenants>,
                  "Tenants that are part of no experiment: no exploring, no canary, no shadow run."),
          MakeRow(Kind::kTexts, "opt_out_classes", Into<&D::v, &S::opt_out_classes>,
                  "Data classes whose requests are part of no experiment."),
          MakeRow(Kind::kNumber, "tenant_ratings_per_day", Into<&D::v, &S::tenant_ratings_per_day>,
                  "Ratings of one tenant that count a day.")
              .Between(0, 1e9)
              .Default("200"),
          MakeRow(Kind::kNumber, "tenant_share", Into<&D::v, &S::tenant_share>,
                  "Share of what was recently believed that one tenant may have said, where five or more "
                  "speak.")
              .Between(0.01, 1)
              .Default("0.25"),
          MakeRow(Kind::kNumber, "upgrade_share", Into<&D::v, &S::upgrade_share>,
                  "Share of a caller's requests that the router may send to far dearer workers in the long "
                  "run; 1: no limit.")
              .Between(0, 1)
              .Default("1"),
          MakeRow(Kind::kNumber, "upgrade_burst", Into<&D::v, &S::upgrade_burst>,
                  "Such requests in a row that are free.")
              .Between(1, 1e6)
              .Default("20"),
          MakeRow(Kind::kNumber, "upgrade_factor", Into<&D::v, &S::upgrade_factor>,
                  "Dearer than the cheapest able worker by this: far dearer.")
              .Between(1, 1e6)
              .Default("3"),
          MakeRow(Kind::kInteger, "least_rewards", Into<&D::v, &S::least_rewards>,
                  "Ratings of a slice before a canary is judged there.")
              .Between(1, 1e9)
              .Default("200"),
          MakeRow(Kind::kNumber, "margin", Into<&D::v, &S::margin>,
                  "How much worse a slice may be, in utility from 0 to 1, and still count as not worse.")
              .Between(0, 0.5)
              .Default("0"),
          MakeRow(Kind::kTexts, "record_vectors", Into<&D::v, &S::vector_classes>,
                  "Data classes of requests whose feature vectors stay in their records, for `baton replay` "
                  "with another router and `baton train router --store`. A vector tells something of the "
                  "words it was made from, so none stays unless listed, like [public, internal]."),
          MakeRow(Kind::kInteger, "seed", Into<&D::v, &S::seed>,
                  "Of all draws: with the exchange's id it makes a decision the same in a replay.")
              .Between(0, 9e15)
              .Default("1"),
      }};
  return kShape;
}

}  // namespace baton::config
