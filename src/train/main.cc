// baton-train: trains conductors. `baton train conductor` starts it; it is a program of its own because it
// links LibTorch, which serving has no use for.
#include <CLI/CLI.hpp>
#include <string>

#include "train/commands.h"

namespace {

using namespace baton::train;

constexpr const char* kDevice = "of the trainer: auto (a GPU when there is one), cpu, cuda or cuda:N";

void AddConductor(CLI::App& app, const std::string& command, int& code) {
  static ConductorOptions o;
  o.command = command;
  auto* sub = app.add_subcommand("conductor",
                                 "Train a conductor over the built-in pool and measure it "
                                 "(docs/conductor.md)");
  sub->option_defaults()->always_capture_default();
  sub->add_option("--models", o.models, "folder of GGUF files");
  sub->add_option("--base", o.base, "the model that becomes the conductor");
  sub->add_option("--folder", o.folder, "where adapters, checkpoint and curve are written");
  sub->add_option("--memo", o.memo, "file that remembers every repeatable call");
  sub->add_option("--workers", o.workers, "of the built-in pool");
  sub->add_option("--added", o.added, "workers that join after training; none: nobody");
  sub->add_option("--families", o.families, "families of problems; default: all");
  sub->add_option("--precision", o.precision, "auto, bf16 or f32");
  sub->add_option("--device", o.device, kDevice);
  sub->add_option("--start", o.start, "adapter to go on from: that of an earlier training");
  sub->add_option("--seed", o.seed, "of everything that is drawn");
  sub->add_option("--train", o.train_problems, "generated problems to train on");
  sub->add_option("--test", o.test_problems, "generated problems to test on");
  sub->add_option("--lessons", o.lessons, "plans of the warm start");
  sub->add_option("--warm-steps", o.warm_steps, "supervised steps");
  sub->add_option("--grpo-steps", o.grpo_steps, "steps by reward");
  sub->add_option("--recursion-steps", o.recursion_steps, "steps by reward with second looks");
  sub->add_option("--batch", o.batch, "lessons of a step")->check(CLI::Range(1, 1024));
  sub->add_option("--questions", o.questions, "questions of a step by reward")->check(CLI::Range(1, 256));
  sub->add_option("--rollouts", o.rollouts, "plans written for each question")->check(CLI::Range(2, 256));
  sub->add_option("--updates", o.updates, "steps of the optimiser on one batch of plans")
      ->check(CLI::Range(1, 16));
  sub->add_option("--warm-rate", o.warm_rate, "learning rate, supervised");
  sub->add_option("--grpo-rate", o.grpo_rate, "learning rate, by reward");
  sub->add_option("--recursion-rate", o.recursion_rate, "learning rate, with second looks");
  sub->add_option("--rank", o.rank, "of the adapters")->check(CLI::Range(1, 256));
  sub->add_option("--alpha", o.alpha, "their scale is alpha / rank");
  sub->add_option("--price-lists", o.price_lists, "price lists met in training")->check(CLI::Range(1, 64));
  sub->add_option("--value", o.usd_per_right, "USD that a right answer is worth; 0: dollars do not count");
  sub->add_option("--tokens-per-right", o.tokens_per_right, "the same in tokens; 0: they do not count");
  sub->add_option("--max-answer", o.max_answer, "tokens of a worker's answer");
  sub->add_option("--most-tokens", o.most_tokens, "tokens of a plan");
  sub->add_option("--minutes", o.minutes, "stop training after so long; 0: when done");
  sub->add_option("--threads", o.threads, "of every computation");
  sub->add_option("--checkpoint-every", o.checkpoint_every, "steps")->check(CLI::Range(1, 1'000'000));
  sub->add_flag("--resume", o.resume, "go on from the checkpoint, when it is there");
  sub->add_flag("!--no-measure", o.measure, "train only");
  sub->add_flag("!--no-baselines", o.baselines, "measure conductors and single workers only");
  sub->add_option("--contests", o.contests,
                  "what is measured on: the training pool, held-back teams, a pool with workers that joined")
      ->check(CLI::IsMember({"templates", "teams", "added"}));
  sub->add_flag("--quick", o.quick, "a miniature run, to see that everything works");
  sub->add_option("--results", o.results, "result file (JSON)");
  sub->add_option("--markdown", o.markdown, "the tables, as docs/results/conductor.md");
  sub->add_option("--page", o.page, "curves and tables as one HTML page");
  sub->callback([&code] { code = TrainConductor(o); });
}

void AddCompare(CLI::App& app, int& code) {
  static CompareOptions o;
  auto* sub = app.add_subcommand("compare", "The trainer's scores beside llama.cpp's");
  sub->option_defaults()->always_capture_default();
  sub->add_option("--models", o.models, "folder of GGUF files");
  sub->add_option("--model", o.model, "which");
  sub->add_option("--precision", o.precision, "of the trainer: auto, bf16 or f32");
  sub->add_option("--device", o.device, kDevice);
  sub->add_flag("--floats", o.floats, "llama.cpp computes with 32-bit floats");
  sub->add_option("--threads", o.threads, "of every computation");
  sub->callback([&code] { code = Compare(o); });
}

void AddBench(CLI::App& app, int& code) {
  static BenchOptions o;
  auto* sub = app.add_subcommand("bench", "Tokens per second of learning and of writing");
  sub->option_defaults()->always_capture_default();
  sub->add_option("--models", o.models, "folder of GGUF files");
  sub->add_option("--model", o.model, "which");
  sub->add_option("--precision", o.precision, "auto, bf16 or f32");
  sub->add_option("--device", o.device, kDevice);
  sub->add_option("--threads", o.threads, "of every computation");
  sub->add_option("--batch", o.batch, "sequences");
  sub->add_option("--prompt", o.prompt, "tokens before what is learned");
  sub->add_option("--continuation", o.continuation, "tokens that are learned");
  sub->add_option("--rank", o.rank, "of the adapters");
  sub->add_option("--rounds", o.rounds, "measurements");
  sub->add_option("--losses", o.losses, "write batch, adapter and the losses of ten steps here, and stop");
  sub->callback([&code] { code = Bench(o); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"baton-train: trains conductors (docs/conductor.md)"};
  app.require_subcommand(1);
  int code = 0;
  // As people start it, for the report.
  std::string command = "baton train";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  AddConductor(app, command, code);
  AddCompare(app, code);
  AddBench(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return code;
}
