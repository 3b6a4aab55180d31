// Shadow runs: what a candidate policy would have done is done, in the background, after the client has its
// answer. Nobody sees the result; the record has it beside the exchange it belongs to.
#pragma once

#include "base/cancel.h"
#include "base/loop.h"
#include "base/signal.h"
#include "base/task.h"

namespace baton::exchange {

// What runs on one loop after its clients have been served. The loop's own thread only.
class Background {
 public:
  explicit Background(Loop& loop) : idle_(loop) {}
  Background(const Background&) = delete;
  // False: enough runs already, or the server ends. True: Leave() must follow.
  bool Enter();
  void Leave();
  Cancel* cancel() { return &cancel_; }
  // Calls everything off and waits until it has left. Once.
  Task<void> End();

 private:
  static constexpr int kMost = 8;
  Cancel cancel_;
  Signal idle_;
  int running_ = 0;
};

}  // namespace baton::exchange
