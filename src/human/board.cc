#include "human/board.h"

namespace baton::human {

Board::Place Board::Wait(Loop& loop, const std::string& id) {
  auto waiter = std::make_shared<Waiter>(loop);
  MutexLock lock(m_);
  if (let_go_) {
    waiter->end = Resolution{Resolution::Kind::kPending, id, {}, {}};
    waiter->ready.Set();
  } else {
    waiters_.emplace(id, waiter);
  }
  return {shared_from_this(), id, std::move(waiter)};
}

void Board::Tell(const Resolution& end) {
  std::shared_ptr<Waiter> waiter;
  {
    MutexLock lock(m_);
    const auto at = waiters_.find(end.case_id);
    if (at == waiters_.end()) return;
    waiter = std::move(at->second);
    waiters_.erase(at);
  }
  Post(std::move(waiter), end);
}

void Board::LetGo() {
  std::unordered_map<std::string, std::shared_ptr<Waiter>> all;
  {
    MutexLock lock(m_);
    let_go_ = true;
    all.swap(waiters_);
  }
  for (auto& [id, waiter] : all) Post(waiter, {Resolution::Kind::kPending, id, {}, {}});
}

void Board::Remove(const std::string& id) {
  MutexLock lock(m_);
  waiters_.erase(id);
}

void Board::Post(std::shared_ptr<Waiter> waiter, Resolution end) {
  Loop& loop = waiter->loop;
  loop.Post([waiter = std::move(waiter), end = std::move(end)] {
    waiter->end = end;
    waiter->ready.Set();
  });
}

}  // namespace baton::human
