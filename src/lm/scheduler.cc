// Continuous batching.
//
// Problem: a small model decodes one sequence at memory speed; eight sequences in one step cost little more
// than one. Requests come and go at any time, and a long prompt must not stop the others for seconds. Choice:
// one thread, one llama context with max_parallel sequences. Each step decodes one token of every running
// answer together with a piece of the waiting prompts: up to kPromptStep tokens while answers are running (so
// that a step stays around a tenth of a second), up to a whole batch when none is. New requests join between
// steps. Every sequence has its own part of the cache ("not unified"), so attention costs what the sequence
// is long, not what all of them are.
//
// The cache starts small and doubles when a conversation needs it (Grow).
//
// An adapter (LoRA) can be laid over the model and changed while it serves (HoldForSwap).
//
// A freed sequence keeps its cache. A later request with the same beginning starts from there, but only when
// it asked for neither a seed nor temperature 0: the reused part was computed in batches of another shape,
// whose rounding differs in the last bits, and those who ask for repeatable answers get the same computation
// every time.
//
// Embeddings of decoder models and hidden states need the last layer's output; asking llama.cpp for it makes
// every token of a batch an output, so the last prompt tokens are decoded apart for them, those of all that
// wait in one step.
#include "lm/scheduler.h"

#include <fmt/format.h>

#include <algorithm>

#include "lm/decode_context.h"

namespace baton::lm {
namespace {

constexpr int kBatch = kDecodeBatch;
constexpr int kPromptStep = 64;
constexpr std::size_t kWorthReusing = 16;

Error Cancelled() {
  return Fail(Code::kCancelled, "the generation was cancelled", "cancelled");
}

}  // namespace

Result<std::unique_ptr<Scheduler>> Scheduler::Start(const LoadedModel& model, const SchedulerOptions& o) {
  const int size = std::min(o.context, std::max(32, o.first_context));
  TRY(ContextHandle context, NewDecodeContext(model, Shape(o, size, nullptr)));
  return std::unique_ptr<Scheduler>(new Scheduler(model, o, size, std::move(context)));
}

Scheduler::Scheduler(const LoadedModel& model, const SchedulerOptions& options, int size,
                     ContextHandle context)
    : model_(model),
      options_(options),
      size_(size),
      context_(std::move(context)),
      batch_(kBatch),
      inbox_(std::make_shared<Inbox>()) {
  slots_.resize(static_cast<std::size_t>(options.max_parallel));
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].id = static_cast<int>(i);
  thread_ = std::thread([this] { Run(); });
}

Scheduler::~Scheduler() {
  {
    MutexLock lock(inbox_->m);
    inbox_->stopping = true;
    inbox_->wake.NotifyAll();
  }
  thread_.join();
  // Handles of jobs keep the inbox alive, perhaps longer than the model lives.
  MutexLock lock(inbox_->m);
  inbox_->adapter.reset();
}

Status Scheduler::Submit(std::vector<std::shared_ptr<Generation>> generations) {
  for (auto& g : generations) {
    g->wake = [inbox = inbox_] {
      MutexLock lock(inbox->m);
      inbox->poked = true;
      inbox->wake.NotifyOne();
    };
  }
  MutexLock lock(inbox_->m);
  if (inbox_->queued >= static_cast<std::size_t>(options_.max_queue)) {
    return baton::Fail(
        Code::kOverloaded,
        fmt::format("{} requests are waiting for this model already; try again shortly", inbox_->queued),
        "local_queue_full");
  }
  inbox_->queued += generations.size();
  for (auto& g : generations) inbox_->arrived.push_back(std::move(g));
  inbox_->wake.NotifyOne();
  return {};
}

void Scheduler::LeftQueue() {
  MutexLock lock(inbox_->m);
  --inbox_->queued;
}

void Scheduler::Run() {
  while (TakeNew()) {
    DropCancelled();
    if (!HoldForSwap()) Admit();
    MakeRoom();
    BuildBatch();
    Decode();
    TakeOutputs();
  }
  for (Slot& slot : slots_) {
    if (slot.generation) Fail(slot, Cancelled());
  }
  for (auto& g : waiting_) {
    g->failed = Cancelled();
    Complete(*g);
  }
}

bool Scheduler::Idle() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.generation != nullptr; });
}

// Waits while there is nothing to do. False when the engine goes away.
bool Scheduler::TakeNew() {
  MutexLock lock(inbox_->m);
  const bool idle = waiting_.empty() && Idle();
  while (idle && inbox_->arrived.empty() && !inbox_->stopping && !inbox_->poked) inbox_->wake.Wait(lock);
  inbox_->poked = false;
  for (auto& g : inbox_->arrived) waiting_.push_back(std::move(g));
  inbox_->arrived.clear();
  return !inbox_->stopping;
}

void Scheduler::DropCancelled() {
  for (Slot& slot : slots_) {
    if (slot.generation && slot.generation->cancelled.load(std::memory_order_relaxed))
      Fail(slot, Cancelled());
  }
  for (std::size_t i = 0; i < waiting_.size();) {
    if (!waiting_[i]->cancelled.load(std::memory_order_relaxed)) {
      ++i;
      continue;
    }
    auto g = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    LeftQueue();
    // Choices of it that run already end it themselves.
    if (!g->failed) g->failed = Cancelled();
    if (g->finished == g->started) Complete(*g);
  }
}

std::size_t Scheduler::Reusable(const Slot& slot, const Generation& generation) const {
  if (generation.sampling.Repeatable() || (generation.hidden_only && !generation.reuse_beginning)) return 0;
  const auto& want = generation.prompt.tokens;
  std::size_t n = 0;
  while (n < slot.cached.size() && n < want.size() && slot.cached[n] == want[n]) ++n;
  if (n == want.size()) --n;  // at least one token must be decoded to have its logits
  if (n < kWorthReusing) return 0;
  // A sliding window has forgotten what lies before it; the part needed next must still be there.
  const llama_pos first = llama_memory_seq_pos_min(llama_get_memory(context_.get()), slot.id);
  const int window = llama_model_n_swa(model_.get());
  if (first > std::max<llama_pos>(0, static_cast<llama_pos>(n) - window)) return 0;
  return n;
}

// Free slot with the longest usable beginning, otherwise the one with the least to lose.
Scheduler::Slot* Scheduler::BestSlot(const Generation& generation) {
  Slot* best = nullptr;
  std::size_t best_reuse = 0;
  for (Slot& slot : slots_) {
    if (slot.generation) continue;
    const std::size_t reuse = Reusable(slot, generation);
    if (!best || reuse > best_reuse || (reuse == best_reuse && slot.cached.size() < best->cached.size())) {
      best = &slot;
      best_reuse = reuse;
    }
  }
  return best;
}

void Scheduler::Admit() {
  while (!waiting_.empty()) {
    Slot* slot = BestSlot(*waiting_.front());
    if (!slot) return;
    auto g = waiting_.front();
    Begin(*slot, g);
    if (g->started < g->choices_wanted && !g->failed) continue;
    waiting_.pop_front();
    LeftQueue();
  }
}

void Scheduler::Begin(Slot& slot, std::shared_ptr<Generation> g) {
  const std::size_t reuse = Reusable(slot, *g);
  llama_memory_t memory = llama_get_memory(context_.get());
  if (reuse == 0 || !llama_memory_seq_rm(memory, slot.id, static_cast<llama_pos>(reuse), -1)) {
    llama_memory_seq_rm(memory, slot.id, -1, -1);
    slot.cached.clear();
  }
  slot.cached.resize(std::min(reuse, slot.cached.size()));
  slot.prompt_at = slot.cached.size();
  if (g->started == 0) {
    g->result.usage.input = static_cast<std::int64_t>(g->prompt.tokens.size());
    g->result.usage.cached_input = static_cast<std::int64_t>(slot.prompt_at);
  }
  const std::int64_t index = g->started++;
  slot.generation = std::move(g);
  slot.choice = nullptr;
  if (slot.generation->hidden_only) return;
  auto constraint = Constraint::Make(model_.vocab(), slot.generation->prompt.grammar);
  if (!constraint) return Fail(slot, std::move(constraint).error());
  CallIds ids{fmt::format("call_{:012x}_{}_", slot.generation->sampling.seed & 0xffffffffffff, index)};
  slot.generation->choices.push_back(std::make_unique<Choice>(model_, slot.generation->prompt,
                                                              slot.generation->sampling,
                                                              std::move(*constraint), index, std::move(ids)));
  slot.choice = slot.generation->choices.back().get();
}

void Scheduler::BuildBatch() {
  batch_.Clear();
  bool answering = false;
  for (Slot& slot : slots_) {
    slot.output_row = -1;
    if (!slot.generation || slot.prefilling()) continue;
    answering = true;
    slot.output_row =
        batch_.Add(slot.choice->last(), static_cast<llama_pos>(slot.cached.size()), slot.id, true);
    slot.cached.push_back(slot.choice->last());
  }
  int budget = std::min(batch_.room(), answering ? kPromptStep : kBatch);
  for (std::size_t i = 0; i < slots_.size() && budget > 0; ++i) {
    Slot& slot = slots_[(next_prompt_ + i) % slots_.size()];
    if (!slot.generation || !slot.prefilling() || slot.output_row >= 0) continue;
    const std::size_t before = slot.prompt_at;
    AddPrompt(slot, budget);
    budget -= static_cast<int>(slot.prompt_at - before);
  }
  ++next_prompt_;
}

void Scheduler::AddPrompt(Slot& slot, int budget) {
  const auto& tokens = slot.generation->prompt.tokens;
  const std::size_t last = tokens.size() - 1;
  while (budget-- > 0 && slot.prompt_at < tokens.size()) {
    if (slot.prompt_at == last && slot.generation->want_hidden) return;  // decoded alone
    const int row = batch_.Add(tokens[slot.prompt_at], static_cast<llama_pos>(slot.cached.size()), slot.id,
                               slot.prompt_at == last);
    if (slot.prompt_at == last) slot.output_row = row;
    slot.cached.push_back(tokens[slot.prompt_at++]);
  }
}

void Scheduler::Decode() {
  if (batch_.size() > 0) {
    int status = -1;
    try {
      status = llama_decode(context_.get(), batch_.get());
    } catch (const std::exception&) {
      // Answered like any other failure of the step.
    }
    if (status != 0) {
      return FailAll(baton::Fail(Code::kInternal,
                                 fmt::format("the model could not be run (status {})", status), "decode"));
    }
  }
}

// The last prompt tokens of all that wait for it, with the last layer's output; leaves their logits in rows.
void Scheduler::DecodeForHidden(const std::vector<Slot*>& slots) {
  batch_.Clear();
  for (Slot* slot : slots) {
    const llama_token last = slot->generation->prompt.tokens.back();
    slot->output_row = batch_.Add(last, static_cast<llama_pos>(slot->cached.size()), slot->id, true);
    slot->cached.push_back(last);
    ++slot->prompt_at;
  }
  llama_set_embeddings(context_.get(), true);
  const int status = llama_decode(context_.get(), batch_.get());
  for (Slot* slot : slots) {
    const float* hidden = status == 0 ? llama_get_embeddings_ith(context_.get(), slot->output_row) : nullptr;
    Generation& g = *slot->generation;
    if (hidden && g.result.hidden.empty())
      g.result.hidden.assign(hidden, hidden + model_.info().embedding_width);
    if (!hidden) Fail(*slot, baton::Fail(Code::kInternal, "the model could not be run", "decode"));
  }
  llama_set_embeddings(context_.get(), false);
  for (Slot* slot : slots) {
    if (slot->generation) TakeOutput(*slot, llama_get_logits_ith(context_.get(), slot->output_row));
  }
}

void Scheduler::TakeOutputs() {
  for (Slot& slot : slots_) {
    if (slot.generation && slot.output_row >= 0) {
      TakeOutput(slot, llama_get_logits_ith(context_.get(), slot.output_row));
    }
  }
  // Afterwards, because it overwrites the outputs of this step.
  std::vector<Slot*> waiting;
  for (Slot& slot : slots_) {
    const Generation* g = slot.generation.get();
    if (g && g->want_hidden && slot.output_row < 0 && slot.prompt_at + 1 == g->prompt.tokens.size())
      waiting.push_back(&slot);
  }
  if (!waiting.empty()) DecodeForHidden(waiting);
}

void Scheduler::TakeOutput(Slot& slot, float* logits) {
  Generation& g = *slot.generation;
  if (g.hidden_only) return EndChoice(slot);
  if (!logits) return Fail(slot, baton::Fail(Code::kInternal, "the model gave no output", "decode"));
  std::vector<chat::Event> events;
  auto complete = slot.choice->Next(logits, g.most_tokens, &events);
  Deliver(g, events);
  if (!complete) return Fail(slot, std::move(complete).error());
  if (*complete) EndChoice(slot);
}

void Scheduler::Deliver(Generation& g, std::vector<chat::Event>& events) {
  if (!g.announced) {
    g.announced = true;
    chat::Event start;
    start.kind = chat::Event::Kind::kStart;
    start.model = model_.info().name;
    g.on_event(std::move(start));
  }
  for (chat::Event& e : events) g.on_event(std::move(e));
}

// The slot keeps its cache for a later request with the same beginning.
void Scheduler::Release(Slot& slot) {
  slot.generation.reset();
  slot.choice = nullptr;
  slot.output_row = -1;
}

void Scheduler::EndChoice(Slot& slot) {
  auto g = slot.generation;
  if (slot.choice) g->result.usage.output += slot.choice->written();
  Release(slot);
  ++g->finished;
  if (g->failed ? g->finished == g->started : g->finished == g->choices_wanted) Complete(*g);
}

void Scheduler::Fail(Slot& slot, Error error) {
  auto g = slot.generation;
  if (!g->failed) g->failed = std::move(error);
  g->cancelled.store(true, std::memory_order_relaxed);  // its other choices end before the next step
  EndChoice(slot);
}

void Scheduler::FailAll(const Error& error) {
  for (Slot& slot : slots_) {
    if (slot.generation) Fail(slot, error);
    llama_memory_seq_rm(llama_get_memory(context_.get()), slot.id, -1, -1);
    slot.cached.clear();
  }
}

void Scheduler::Complete(Generation& g) {
  if (!g.on_done) return;
  auto done = std::exchange(g.on_done, nullptr);
  g.result.usage.known = true;
  if (g.announced) {
    chat::Event usage;
    usage.kind = chat::Event::Kind::kUsage;
    usage.usage = g.result.usage;
    g.on_event(std::move(usage));
  }
  if (g.failed) return done(std::move(*g.failed));
  done(std::move(g.result));
}

}  // namespace baton::lm
