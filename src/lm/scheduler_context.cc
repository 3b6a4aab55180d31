// What of the context is not decoding: how large it is, and which adapter lies over the model.
#include <algorithm>

#include "lm/decode_context.h"
#include "lm/scheduler.h"

namespace baton::lm {

ContextShape Scheduler::Shape(const SchedulerOptions& o, int tokens, llama_adapter_lora* adapter) {
  return {.threads = o.threads,
          .sequences = o.max_parallel,
          .tokens = tokens,
          .batch = kDecodeBatch,
          .adapter = adapter};
}

// Reserving the whole context for every sequence would take a gigabyte that most conversations never touch.
void Scheduler::MakeRoom() {
  for (Slot& slot : slots_) {
    if (!slot.generation) continue;
    const std::size_t prompt = slot.generation->prompt.tokens.size();
    const auto need = static_cast<int>(std::max(prompt, slot.cached.size()) + 1);
    if (need <= size_) continue;
    int size = size_;
    while (size < need) size *= 2;
    if (Status grown = Grow(std::min(size, options_.context)); !grown) Fail(slot, std::move(grown).error());
  }
}

// A context cannot grow: a larger one takes over the state of what runs. Kept beginnings are not worth the
// copy.
Status Scheduler::Grow(int size) {
  TRY(ContextHandle larger, NewDecodeContext(model_, Shape(options_, size, adapter_.get())));
  for (Slot& slot : slots_) {
    if (!slot.generation) slot.cached.clear();
    if (!slot.cached.empty()) TRY_VOID(CopySequence(context_.get(), larger.get(), slot.id));
  }
  context_ = std::move(larger);
  size_ = size;
  return {};
}

void Scheduler::SetAdapter(AdapterHandle adapter) {
  MutexLock lock(inbox_->m);
  inbox_->adapter = std::move(adapter);
  inbox_->swap = inbox_->poked = true;
  inbox_->wake.NotifyOne();
}

// An adapter belongs to the whole context, so it changes between generations: none begins while another one
// is wanted, and the last of the running ones makes way for it. True: wait.
bool Scheduler::HoldForSwap() {
  AdapterHandle next;
  {
    MutexLock lock(inbox_->m);
    if (!inbox_->swap) return false;
    if (!Idle()) return true;
    next = std::move(inbox_->adapter);
    inbox_->swap = false;
  }
  // What is in the caches was computed with the old one. It fits: LoadAdapter has compared every tensor.
  for (Slot& slot : slots_) {
    llama_memory_seq_rm(llama_get_memory(context_.get()), slot.id, -1, -1);
    slot.cached.clear();
  }
  (void)UseAdapter(context_.get(), next.get());
  adapter_ = std::move(next);
  return false;
}

}  // namespace baton::lm
