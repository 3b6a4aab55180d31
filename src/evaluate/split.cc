#include "evaluate/split.h"

namespace baton::evaluate {

// FNV-1a over the bytes, then the finaliser of MurmurHash3, which FNV needs for short texts that differ in
// one digit.
double UnitHash(std::string_view text, std::uint64_t salt) {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ (salt * 0x9e3779b97f4a7c15ULL);
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdULL;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
  h ^= h >> 33;
  return static_cast<double>(h >> 11) * 0x1.0p-53;
}

Split MakeSplit(const OutcomeMatrix& matrix, const std::vector<std::size_t>& group, double train_share,
                std::uint64_t seed) {
  Split split;
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    const Row& head = matrix.rows[group[r]];
    const bool train = UnitHash(head.benchmark + '\n' + head.id, seed) < train_share;
    (train ? split.train : split.test).push_back(r);
  }
  return split;
}

}  // namespace baton::evaluate
