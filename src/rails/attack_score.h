// How much a text reads like an attack, by the two learned models, in one pass over its words.
#pragma once

#include <string_view>

#include "rails/attack_model.h"

namespace baton::rails {

struct AttackScores {
  double phrasing = 0, orders = 0;  // the highest probability of any window; 0 for a text without words
};
// `orders_too`: false leaves `orders` at 0. Thread safe; linear; any bytes. Of a long text the middle is left
// out, as AttackWords() does.
AttackScores ScoreAttack(std::string_view text, bool orders_too);

}  // namespace baton::rails
