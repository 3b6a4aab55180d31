#include "pool/hedge.h"

#include <string>

namespace baton::pool {
namespace {

Task<void> RunInRace(Try* t, Race* race) {
  co_await Run(*t);
  race->last = t;
  race->changed.Set();
}

void Enter(Try& t, Race& race) {
  t.race = &race;
  t.own_cancel.emplace(t.call.cancel);
}

// The first later candidate that is free at this moment; a hedge waits for nobody.
bool FindSecond(Call& c, std::optional<Try>& second) {
  for (std::size_t at = c.next; at < c.candidates.size(); ++at) {
    LiveWorker* live = c.At(at);
    if (!live || c.Considered(at) || !c.LargeEnough(*live->worker)) continue;
    second.emplace(c, at, *live);
    if (Prepare(*second, true) == Ready::kYes) {
      c.asked_early.push_back(at);
      return true;
    }
    second.reset();
  }
  return false;
}

bool Silent(const Try& t) {
  return !t.ended && !(t.gate && t.gate->first_byte_seen());
}

std::string WhyHedge(Duration after) {
  return "hedge after " +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(after).count()) + " ms";
}

}  // namespace

bool MayHedge(const Call& c, const Try& first) {
  return first.live.worker->hedge_after && c.operation.hedgeable() && c.tries_left > 0 &&
         c.next < c.candidates.size();
}

Task<Try*> RunRace(Call& c, Try& first, std::optional<Try>& second) {
  Race race(c.parts.loop);
  TaskGroup group(c.parts.loop);
  const Duration patience = *first.live.worker->hedge_after;
  const Deadline until(c.parts.loop.Now() + patience);
  Enter(first, race);
  group.Spawn(RunInRace(&first, &race));
  if (Silent(first)) (void)co_await race.changed.Wait(c.cancel, until);
  const bool called_off = c.cancel && c.cancel->fired();
  if (Silent(first) && !called_off && until.Passed(c.parts.loop.Now())) {
    if (FindSecond(c, second)) {
      c.parts.Note(Event::kHedged);
      --c.tries_left;
      second->why = WhyHedge(patience);
      Enter(*second, race);
      group.Spawn(RunInRace(&*second, &race));
    } else {
      c.parts.Note(Event::kHedgeRefused);
    }
  }
  while (group.running() > 0) {
    for (Try* t : {&first, second ? &*second : nullptr}) {
      if (t && race.winner && race.winner != t && !t->ended) t->own_cancel->Fire(Cancel::Why::kLostRace);
    }
    if (group.running() > 0) (void)co_await race.changed.Wait();
  }
  co_await group.Join();
  if (race.winner && second && race.winner == &*second) c.parts.Note(Event::kHedgeWon);
  co_return race.winner ? race.winner : race.last;
}

}  // namespace baton::pool
