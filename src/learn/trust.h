// What a tenant's feedback counts: bounded per tenant and day and as a share of all, so that nobody teaches
// the router alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::learn {

struct TrustOptions {
  double per_day = 200;      // weight of one tenant on one day
  double share = 0.25;       // of the recent weight that one tenant may have, where five or more speak
  double alone = 50;         // weight within which the share is not asked: somebody has to be first
  double half_life = 2'000;  // observations until weight counts half as recent
};

class Trust {
 public:
  explicit Trust(TrustOptions options) : options_(options) {}
  // The weight of one more observation of `tenant` on that day (days since 1970), 0 to 1; it is counted. With
  // n tenants that speak, a share of 1.25 / n is always allowed: alone, a tenant teaches its own router.
  double Take(std::string_view tenant, std::int64_t day);
  std::size_t tenants() const { return known_.size(); }

  std::string Save() const;
  static Result<Trust> Load(std::string_view text, TrustOptions options);

 private:
  struct Tenant {
    std::int64_t day = 0;
    double today = 0, recent = 0;
    std::uint64_t at = 0;
  };
  double Faded(double weight, std::uint64_t since) const;
  std::size_t Speakers() const;
  void Forget();
  TrustOptions options_;
  std::uint64_t now_ = 0;
  double all_ = 0;  // recent weight of all, as of now_
  std::map<std::string, Tenant, std::less<>> known_;
};

}  // namespace baton::learn
