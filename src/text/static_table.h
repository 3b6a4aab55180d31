// From text to a vector in microseconds: one stored row of bytes per piece of the vocabulary, added up.
//
// The rows are distilled from the sentence encoder: each piece is run through it once (distil.h), so a text's
// vector points roughly where the encoder's would, without running anything. Sums are integers, so one table
// gives the same vector on every machine, bit for bit. The file is made where it is used (`baton models
// pull`), because it is larger than what a repository should hold; two machines' tables may differ by one in
// the last place of a row, which models trained on either bear (docs/learned_routing.md).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/wordpiece.h"

namespace baton::text {

class StaticTable {
 public:
  // `rows`: pieces x width. `weights`: how much each piece counts, 0 to 255. `recipe` names how it was made
  // and from what; models trained on a table work with every table of the same recipe.
  StaticTable(std::string recipe, WordPiece pieces, std::size_t width, std::vector<std::int8_t> rows,
              std::vector<std::uint8_t> weights);

  // kNotFound; kInvalidRequest "not_a_table" (something else), "table_damaged" (cut short or changed).
  static Result<std::shared_ptr<const StaticTable>> Load(const std::string& path);
  std::string ToBytes() const;

  std::size_t width() const { return width_; }
  const std::string& recipe() const { return recipe_; }
  const WordPiece& pieces() const { return pieces_; }

  // The mean direction of the texts' pieces, of length 1 (zeros when there are none). Of all texts together
  // the first kMaxPieces count. Thread safe; allocates nothing in the steady state. REQUIRES: out.size() ==
  // width().
  void Embed(std::span<const std::string_view> texts, std::span<float> out) const;
  static constexpr std::size_t kMaxPieces = 4096;

 private:
  std::string recipe_;
  WordPiece pieces_;
  std::size_t width_;
  std::vector<std::int8_t> rows_;
  std::vector<std::uint8_t> weights_;
};

}  // namespace baton::text
