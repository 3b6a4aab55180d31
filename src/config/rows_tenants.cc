// Rows of `tenants:` and `issuers:`: who may ask, what for, and how much.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

const Shape& RatesShape() {
  using L = budget::Limits;
  static const Shape kShape{
      "limits",
      "Rates; each slides over the last sixty seconds.",
      {
          MakeRow(Kind::kInteger, "rpm", Into<&RatesDraft::v, &L::rpm>, "Requests per minute.")
              .Between(1, 1e9),
          MakeRow(
              Kind::kInteger, "tpm", Into<&RatesDraft::v, &L::tpm>,
              "Tokens per minute, input and output; reserved at the worst case, corrected after the call.")
              .Between(1, 1e12),
          MakeRow(Kind::kInteger, "concurrent", Into<&RatesDraft::v, &L::concurrent>,
                  "Requests that run at the same time.")
              .Between(1, 1e6),
      }};
  return kShape;
}

const Shape& AllowanceShape() {
  static const Shape kShape{
      "allowance",
      "What one of them may use up.",
      {
          MakeChild(Kind::kOneOrList, "budget", Append<&AllowanceDraft::budget>, BudgetShape,
                    "Money and tokens per period."),
          MakeChild(Kind::kMap, "limits", Inside<&AllowanceDraft::limits>, RatesShape, "Rates."),
      }};
  return kShape;
}

const Shape& MemberShape() {
  using M = MemberDraft;
  static const Shape kShape{
      "member",
      "A project or a user of a tenant.",
      {
          MakeRow(Kind::kText, "name", Into<&M::name>, "What keys and tokens call it.").Required(),
          MakeRow(Kind::kTexts, "models", Into<&M::models>, "Names it may ask for; without: the tenant's."),
          MakeChild(Kind::kOneOrList, "budget", Append<&M::budget>, BudgetShape,
                    "Money and tokens per period."),
          MakeChild(Kind::kMap, "limits", Inside<&M::limits>, RatesShape, "Rates."),
      }};
  return kShape;
}

const Shape& TierDownShape() {
  static const Shape kShape{
      "tier_down",
      "What happens before a budget is used up.",
      {
          MakeRow(Kind::kNumber, "at", Into<&TierDownDraft::at>,
                  "Share of any budget of the request (spent or set aside) from which on it counts.")
              .Between(0.01, 1)
              .Default("0.8"),
          MakeRow(Kind::kTexts, "workers", Into<&TierDownDraft::workers>,
                  "The only workers that are asked from then on.")
              .Required(),
      }};
  return kShape;
}

void Roles(Node* node, const Tree& tree, Problems* problems) {
  auto* issuer = static_cast<IssuerDraft*>(node);
  if (tree.kind != Tree::Kind::kMap)
    return problems->Add(tree.place,
                         "roles must be a map from the claim's values to roles, like {admins: owner}");
  for (std::size_t i = 0; i < tree.keys.size(); ++i) {
    const auto role = access::ParseRole(tree.items[i].scalar);
    if (!role) {
      problems->Add(tree.items[i].place, "a role is one of viewer, auditor, operator, owner");
      continue;
    }
    issuer->v.roles.emplace_back(tree.keys[i].first, *role);
  }
}

}  // namespace

const Shape& BudgetShape() {
  using B = BudgetDraft;
  static const Shape kShape{
      "budget",
      "At most so much per period, never exceeded (docs/budgets.md).",
      {
          MakeRow(Kind::kMoney, "usd", Into<&B::usd>, "US dollars."),
          MakeRow(Kind::kInteger, "tokens", Into<&B::tokens>, "Input and output tokens of all calls.")
              .Between(0, 1e15),
          MakeWords(Kind::kWord, "per", "day|month|total", Into<&B::per>,
                    "Days and months of UTC; `total` never begins anew.")
              .Default("month"),
      }};
  return kShape;
}

const Shape& TenantShape() {
  using T = TenantDraft;
  static const Shape kShape{
      "tenant",
      "Somebody who has keys (docs/keys.md).",
      {
          MakeRow(Kind::kText, "name", Into<&T::name>, "Letters, digits and . _ : / @ + - .").Required(),
          MakeRow(Kind::kTexts, "models", Into<&T::models>,
                  "Names its requests may ask for (`baton`, routes, workflows, workers); without: all."),
          MakeChild(Kind::kOneOrList, "budget", Append<&T::budget>, BudgetShape,
                    "Money and tokens of all its keys together."),
          MakeChild(Kind::kMap, "limits", Inside<&T::limits>, RatesShape, "Rates of all its keys together."),
          MakeChild(Kind::kList, "projects", Append<&T::projects>, MemberShape, "Its projects."),
          MakeChild(Kind::kList, "users", Append<&T::users>, MemberShape,
                    "Users with something of their own; others have each_user."),
          MakeChild(Kind::kMap, "each_key", Inside<&T::each_key>, AllowanceShape,
                    "What a key has that was made without a budget or limits of its own."),
          MakeChild(Kind::kMap, "each_user", Inside<&T::each_user>, AllowanceShape,
                    "What a user has who is not listed."),
          MakeChild(Kind::kMap, "tier_down", Inside<&T::tier_down>, TierDownShape,
                    "Cheaper workers when a budget runs low."),
      }};
  return kShape;
}

const Shape& IssuerShape() {
  using S = access::IssuerSettings;
  static const Shape kShape{
      "issuer",
      "Whose tokens (OIDC, JWT) are accepted beside keys (docs/keys.md).",
      {
          MakeRow(Kind::kText, "issuer", Into<&IssuerDraft::v, &S::issuer>, "Exactly what stands in `iss`.")
              .Required(),
          MakeRow(Kind::kTexts, "audience", Into<&IssuerDraft::v, &S::audiences>,
                  "One of these must stand in `aud`.")
              .Required(),
          MakeRow(Kind::kText, "jwks", Into<&IssuerDraft::jwks>,
                  "Where its public keys are: an https address, or file:PATH.")
              .Required(),
          MakeRow(Kind::kFlag, "private", Into<&IssuerDraft::private_address>,
                  "The address may be on this machine or in a private network, and plain http.")
              .Default("false"),
          MakeWords(Kind::kWords, "algorithms", "RS256|ES256|EdDSA", Into<&IssuerDraft::v, &S::algorithms>,
                    "Signatures that are accepted; without: these three."),
          MakeRow(Kind::kText, "tenant", Into<&IssuerDraft::v, &S::tenant>,
                  "The tenant of all its tokens; or:"),
          MakeRow(Kind::kText, "tenant_claim", Into<&IssuerDraft::v, &S::tenant_claim>,
                  "The claim that names the tenant."),
          MakeRow(Kind::kText, "user_claim", Into<&IssuerDraft::v, &S::user_claim>,
                  "The claim that names the user.")
              .Default("sub"),
          MakeRow(Kind::kText, "project_claim", Into<&IssuerDraft::v, &S::project_claim>,
                  "The claim that names the project."),
          MakeRow(Kind::kText, "role_claim", Into<&IssuerDraft::v, &S::role_claim>,
                  "The claim whose values `roles` maps."),
          MakeCustom(
              "roles", Roles, "map of values to `viewer`, `auditor`, `operator`, `owner`",
              R"({"type":"object","additionalProperties":{"enum":["viewer","auditor","operator","owner"]}})",
              "What the claim's values mean here; without it tokens have no role."),
          MakeRow(Kind::kDuration, "leeway", Into<&IssuerDraft::v, &S::leeway>,
                  "How far clocks may be apart.")
              .Between(0, 600)
              .Default("60s"),
          MakeRow(Kind::kDuration, "refresh", Into<&IssuerDraft::v, &S::refresh>,
                  "How often its keys are fetched.")
              .Between(10, 86400)
              .Default("10m"),
          MakeRow(Kind::kDuration, "stale", Into<&IssuerDraft::v, &S::stale>,
                  "How long the last keys serve while new ones cannot be fetched.")
              .Between(60, 2.6e6)
              .Default("24h"),
      }};
  return kShape;
}

}  // namespace baton::config
