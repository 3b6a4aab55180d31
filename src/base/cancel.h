// Cancel: "whoever asked for this has left". One per exchange (and per attempt inside it), on one loop.
//
// It fires at most once; everything registered is called once, in registration order, on the loop's thread.
// Operations register on entry and unregister on exit; firing never destroys frames, it makes waiting
// operations finish early with an error, so that every path runs its own clean-up.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace baton {

class Cancel {
 public:
  enum class Why { kNot, kClientGone, kDeadline, kLostRace, kShutdown };

  Cancel() = default;
  // A child fires when its parent does (and not the other way round). The parent must outlive it.
  explicit Cancel(Cancel* parent);
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;
  ~Cancel();

  void Fire(Why why);
  bool fired() const { return why_ != Why::kNot; }
  Why why() const { return why_; }

  // Unregisters when destroyed. Must not outlive the Cancel it came from.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& o) noexcept : from_(std::exchange(o.from_, nullptr)), id_(o.id_) {}
    Registration& operator=(Registration&& o) noexcept {
      if (this != &o) {
        Reset();
        from_ = std::exchange(o.from_, nullptr);
        id_ = o.id_;
      }
      return *this;
    }
    ~Registration() { Reset(); }
    void Reset() {
      if (from_) std::exchange(from_, nullptr)->Remove(id_);
    }

   private:
    friend class Cancel;
    Cancel* from_ = nullptr;
    std::uint64_t id_ = 0;
  };
  // Calls `fn` when fired; at once if it has fired already. `fn` may destroy any Registration, its own
  // included.
  [[nodiscard]] Registration OnFire(std::function<void()> fn);

 private:
  void Remove(std::uint64_t id);

  Why why_ = Why::kNot;
  std::uint64_t last_id_ = 0;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> calls_;
  Registration parent_;
};

}  // namespace baton
