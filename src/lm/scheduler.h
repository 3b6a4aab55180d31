// The compute thread: decodes all running generations together. Opening essay in scheduler.cc.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "lm/generation.h"
#include "lm/llama_handles.h"
#include "lm/loaded_model.h"

namespace baton::lm {

inline constexpr int kDecodeBatch = 512;  // tokens of a step, at most

struct ContextShape;
struct SchedulerOptions {
  int threads = 1;
  int max_parallel = 8;
  int max_queue = 256;
  int context = 8192;        // tokens per sequence, at most
  int first_context = 1024;  // to begin with
};

// Where other threads leave work. Shared with the handles of running jobs, which may outlive the scheduler.
struct Inbox {
  Mutex m;
  CondVar wake;
  std::deque<std::shared_ptr<Generation>> arrived GUARDED_BY(m);
  std::size_t queued GUARDED_BY(m) = 0;  // accepted and not yet in a slot
  bool poked GUARDED_BY(m) = false;
  bool swap GUARDED_BY(m) = false;  // to `adapter`, when nothing runs
  AdapterHandle adapter GUARDED_BY(m);
  bool stopping GUARDED_BY(m) = false;
};

class Scheduler {
 public:
  // kInternal when there is not enough memory for the caches. `model` must outlive it.
  static Result<std::unique_ptr<Scheduler>> Start(const LoadedModel& model, const SchedulerOptions& options);
  // Cancels what waits and runs (each on_done is called), then joins the thread.
  ~Scheduler();

  // Any thread. Several go in together or not at all. kOverloaded ("local_queue_full"); then no callback is
  // made.
  Status Submit(std::vector<std::shared_ptr<Generation>> generations);

  // Any thread. As Engine::SetAdapter.
  void SetAdapter(AdapterHandle adapter);

 private:
  // A sequence of the context's cache, and what runs in it.
  struct Slot {
    int id = 0;
    std::shared_ptr<Generation> generation;  // null: free
    Choice* choice = nullptr;                // null while the prompt of an embedding runs
    std::vector<llama_token> cached;         // tokens whose keys and values are in the cache
    std::size_t prompt_at = 0;               // next prompt token to decode
    int output_row = -1;                     // in the current batch
    bool prefilling() const { return prompt_at < generation->prompt.tokens.size(); }
  };

  Scheduler(const LoadedModel& model, const SchedulerOptions& options, int size, ContextHandle context);
  static ContextShape Shape(const SchedulerOptions& options, int tokens, llama_adapter_lora* adapter);
  void Run();
  bool TakeNew();
  void LeftQueue();
  bool Idle() const;
  bool HoldForSwap();
  void DropCancelled();
  void Admit();
  void Begin(Slot& slot, std::shared_ptr<Generation> generation);
  std::size_t Reusable(const Slot& slot, const Generation& generation) const;
  Slot* BestSlot(const Generation& generation);
  void MakeRoom();
  Status Grow(int size);
  void BuildBatch();
  void AddPrompt(Slot& slot, int budget);
  void Decode();
  void DecodeForHidden(const std::vector<Slot*>& slots);
  void TakeOutputs();
  void TakeOutput(Slot& slot, float* logits);
  void Deliver(Generation& generation, std::vector<chat::Event>& events);
  void Release(Slot& slot);
  void EndChoice(Slot& slot);
  void Fail(Slot& slot, Error error);
  void FailAll(const Error& error);
  void Complete(Generation& generation);

  const LoadedModel& model_;
  const SchedulerOptions options_;
  int size_;  // tokens per sequence that the cache has room for now
  AdapterHandle adapter_;
  ContextHandle context_;
  Batch batch_;
  std::vector<Slot> slots_;
  std::deque<std::shared_ptr<Generation>> waiting_;  // the compute thread's
  std::size_t next_prompt_ = 0;                      // whose prompt is served first: turns go round

  std::shared_ptr<Inbox> inbox_;
  std::thread thread_;
};

}  // namespace baton::lm
