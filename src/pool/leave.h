// Leave: what happens to a provider's call when the one who asked for it goes away.
//
// Most calls are dropped at once: closing the connection is how a provider is told to stop. Where the
// operator prefers to know the usage, a call whose client has left is read to its end for at most
// `drain_limit`, into nowhere. A lost race, a deadline and a shutdown always drop.
#pragma once

#include "base/cancel.h"
#include "base/loop.h"
#include "pool/worker.h"

namespace baton::pool {

class Leave {
 public:
  // All outlive it; `asker` may be null.
  Leave(Loop& loop, const Worker& worker, Cancel* asker) : loop_(loop), worker_(worker) {
    if (asker) watch_ = asker->OnFire([this, asker] { Gone(asker->why()); });
  }
  Leave(const Leave&) = delete;
  Leave& operator=(const Leave&) = delete;
  ~Leave() {
    if (timer_ != 0) loop_.CancelTimer(timer_);
  }

  // The asker has left, told by its Cancel or found out by writing to it. Once; later calls change nothing.
  void Gone(Cancel::Why why) {
    if (gone_) return;
    gone_ = true;
    if (why == Cancel::Why::kClientGone && worker_.on_client_gone == OnClientGone::kDrainForUsage) {
      timer_ = loop_.CallAt(loop_.Now() + worker_.drain_limit, [this] {
        timer_ = 0;
        connection_.Fire(Cancel::Why::kClientGone);
      });
    } else {
      connection_.Fire(why);
    }
  }
  bool gone() const { return gone_; }
  // What the connection to the provider listens to.
  Cancel* connection() { return &connection_; }

 private:
  Loop& loop_;
  const Worker& worker_;
  Cancel connection_;
  bool gone_ = false;
  Loop::TimerId timer_ = 0;
  Cancel::Registration watch_;
};

}  // namespace baton::pool
