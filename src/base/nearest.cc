#include "base/nearest.h"

#include <algorithm>
#include <array>
#include <climits>

namespace baton {
namespace {

constexpr std::size_t kLongest = 64;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string Folded(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

}  // namespace

int EditDistance(std::string_view a, std::string_view b) {
  if (a.size() > kLongest || b.size() > kLongest) return INT_MAX;
  // Three rows of the usual table: a swap of neighbours looks two rows back.
  std::array<std::array<int, kLongest + 1>, 3> d{};
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = d[i % 3];
    auto& above = d[(i + 2) % 3];
    auto& before = d[(i + 1) % 3];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      bool swapped =
          i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return d[a.size() % 3][b.size()];
}

std::string_view Nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  int least = INT_MAX;
  for (auto c : candidates) {
    int distance = EditDistance(name, c);
    int allowed = std::max<int>(1, static_cast<int>(std::max(name.size(), c.size())) / 3);
    bool contained =
        std::min(name.size(), c.size()) >= 3 && (Folded(c).find(Folded(name)) != std::string::npos ||
                                                 Folded(name).find(Folded(c)) != std::string::npos);
    if ((distance <= allowed || contained) && distance < least) {
      least = distance;
      best = c;
    }
  }
  return best;
}

}  // namespace baton
