// Who waits for which case. Thread safe; a waiter is told on its own loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/signal.h"
#include "human/case.h"

namespace baton::human {

class Board : public std::enable_shared_from_this<Board> {
 public:
  // One asker of one case, on one loop. `end` belongs to the loop's thread.
  struct Waiter {
    explicit Waiter(Loop& l) : loop(l), ready(l) {}
    Loop& loop;
    Signal ready;
    std::optional<Resolution> end;
  };
  // Takes the waiter off the board when destroyed. May outlive everybody but its loop.
  class Place {
   public:
    Place(std::shared_ptr<Board> board, std::string id, std::shared_ptr<Waiter> waiter)
        : board_(std::move(board)), id_(std::move(id)), waiter_(std::move(waiter)) {}
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (board_) board_->Remove(id_);
    }
    Waiter& waiter() { return *waiter_; }

   private:
    std::shared_ptr<Board> board_;
    std::string id_;
    std::shared_ptr<Waiter> waiter_;
  };

  // Before the case is stored, so that nobody can end it unseen. After LetGo() the waiter is told at once.
  Place Wait(Loop& loop, const std::string& id);
  // The case has ended so. Nobody waiting: nothing happens.
  void Tell(const Resolution& end);
  // Tells everybody kPending, now and from now on.
  void LetGo();

 private:
  void Remove(const std::string& id);
  static void Post(std::shared_ptr<Waiter> waiter, Resolution end);

  Mutex m_;
  bool let_go_ GUARDED_BY(m_) = false;
  std::unordered_map<std::string, std::shared_ptr<Waiter>> waiters_ GUARDED_BY(m_);
};

}  // namespace baton::human
